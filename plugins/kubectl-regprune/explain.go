package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// explain adds what the user can do about a registry that cannot be connected to, in
// terms of flags.
func (s *session) explain(err error) error {
	if errors.Is(err, registry.ErrUnauthorized) {
		return hint.With(fmt.Errorf("connecting to %q: %w", s.name, err), "give --username and --password-file FILE (- for stdin)")
	}
	const unchecked = "; without any proof of who answers: --tls-skip-verify"
	switch {
	case isA[x509.UnknownAuthorityError](err):
		return hint.With(err, "give the certificate of the authority that signed the registry's, --ca-file FILE"+unchecked)
	case isA[x509.HostnameError](err):
		return hint.With(err, "if that is the registry all the same, name what its certificate is for: --tls-name "+certified(err)+unchecked)
	case isA[x509.CertificateInvalidError](err):
		return hint.With(err, "give the registry another certificate"+unchecked)
	case errors.Is(err, http.ErrSchemeMismatch) && s.candidate == nil:
		return hint.With(err, "it speaks plain HTTP: --registry "+kube.Quote("http"+strings.TrimPrefix(s.name, "https")))
	case errors.Is(err, http.ErrSchemeMismatch):
		return hint.With(err, "it speaks plain HTTP there: name another --port, or forward this one with kubectl port-forward and use --registry http://localhost:PORT")
	}
	return err
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// certified is the first name that the certificate is for and that can be meant.
func certified(err error) string {
	if wrong, ok := errors.AsType[x509.HostnameError](err); ok {
		for _, name := range wrong.Certificate.DNSNames {
			if !strings.Contains(name, "*") {
				return kube.Quote(name)
			}
		}
	}
	return "NAME"
}
