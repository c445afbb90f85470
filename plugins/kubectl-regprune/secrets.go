package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"os"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
)

type credentialFunc = func(ctx context.Context, host string) (registry.Credential, error)

// passwordEnv is looked at with --registry only: a password that is set for one
// registry must not be sent to whatever was found in a cluster.
const passwordEnv = "REGPRUNE_PASSWORD"

// credential is how the registry's question for a login is answered: by the flags, by
// pull secrets in the registry's own namespace, or by Docker's configuration for a
// registry that was given by its URL. Secrets of other namespaces are not tried: who
// can name an ingress after a registry must not get its password sent.
func (s *session) credential() (credentialFunc, error) {
	f := s.flags
	password := ""
	switch {
	case f.reach.passwordFile != "":
		text, err := f.reach.password(f.io.In)
		if err != nil {
			return nil, err
		}
		password = text
	case s.candidate == nil && f.reach.username != "":
		password = os.Getenv(passwordEnv)
	}
	switch {
	case f.reach.username != "" && password == "":
		return nil, hint.With(usagef("--username %q without a password", f.reach.username), "give the password with --password-file FILE (- for stdin)")
	case f.reach.username == "" && password != "":
		return nil, usagef("--password-file without --username")
	case password != "":
		known := registry.Credential{Username: f.reach.username, Password: password}
		return func(context.Context, string) (registry.Credential, error) { return known, nil }, nil
	case s.candidate == nil:
		return registry.DockerCredentials()
	}
	return s.pullSecret(), nil
}

// password reads --password-file, once: a garbage collection makes a client for each pod,
// and stdin can be read one time only.
func (r *reachFlags) password(stdin io.Reader) (string, error) {
	if r.known == "" {
		text, err := cli.ReadPassword("--password-file", r.passwordFile, stdin)
		if err != nil {
			return "", err
		}
		r.known = text
	}
	return r.known, nil
}

// pullSecret answers with the first login that a pull secret beside the registry has for
// it. It looks once, although many requests may ask at the same time.
func (s *session) pullSecret() credentialFunc {
	var mu sync.Mutex
	var known *registry.Credential
	return func(ctx context.Context, _ string) (registry.Credential, error) {
		mu.Lock()
		defer mu.Unlock()
		if known != nil {
			return *known, nil
		}
		client, err := s.flags.kube.Client()
		if err != nil {
			return registry.Credential{}, err
		}
		found, _, err := locate.PullCredentials(ctx, client, []string{s.candidate.Namespace}, s.candidate.Aliases)
		if err != nil {
			return registry.Credential{}, err
		}
		known = &registry.Credential{}
		if len(found) > 0 {
			c := found[0]
			s.notes = append(s.notes, "logged in as "+c.Username+" from "+c.Source)
			*known = registry.Credential{Username: c.Username, Password: c.Password, IdentityToken: c.RefreshToken}
		}
		return *known, nil
	}
}

// tls is for a registry in a cluster, whose certificate is for the service's name, or
// for one that was given by its URL.
func (r *reachFlags) tls(c *locate.Candidate) (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: r.tlsName, InsecureSkipVerify: r.skipVerify} // as the user says
	if r.tlsName == "" && c != nil {
		out.ServerName = c.ServerName()
	}
	if r.caFile == "" {
		return out, nil
	}
	pem, err := os.ReadFile(r.caFile)
	if err != nil {
		return nil, usagef("reading the CA's certificates: %v", err)
	}
	out.RootCAs = x509.NewCertPool()
	if !out.RootCAs.AppendCertsFromPEM(pem) {
		return nil, usagef("--ca-file %q holds no certificate in PEM format", r.caFile)
	}
	return out, nil
}
