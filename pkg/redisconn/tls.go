package redisconn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// startTLS turns conn into a TLS connection. It owns conn.
func (e *Endpoint) startTLS(ctx context.Context, conn net.Conn) (net.Conn, error) {
	secure := tls.Client(conn, e.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, explainTLS(err)
	}
	return secure, nil
}

// explainTLS says which of the usual reasons made a handshake fail. The names of
// the flags are those of every plugin that talks to Redis.
func explainTLS(err error) error {
	var (
		plain   tls.RecordHeaderError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
	)
	switch {
	case errors.As(err, &plain):
		return hint.With(ErrNotTLS, "leave out --tls")
	case errors.As(err, &unknown):
		return hint.With(fmt.Errorf("checking the server's certificate: %w", err),
			"give the CA's certificate with --tls-ca-file FILE, or do without the check with --tls-skip-verify")
	case errors.As(err, &host):
		return hint.With(fmt.Errorf("checking the server's certificate: %w", err),
			"it is valid for "+certNames(host.Certificate)+": name one with --tls-name")
	case strings.Contains(err.Error(), "certificate required"):
		return hint.With(errors.New("the server wants a client certificate"), "give --tls-cert-file and --tls-key-file")
	}
	return fmt.Errorf("starting TLS: %w", err)
}

func certNames(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name at all"
	}
	const shown = 5
	if len(names) > shown {
		names = append(names[:shown], "…")
	}
	return strings.Join(names, ", ")
}

const tlsProbeTime = 5 * time.Second

// speaksTLS asks the port with a ClientHello of its own. Any TLS answer will do,
// a refusal too: this connection carries nothing and is trusted with nothing.
func (e *Endpoint) speaksTLS(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, tlsProbeTime)
	defer cancel()
	conn, err := e.Dial(ctx, "tcp", e.Addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx) //nolint:gosec // see above
	var alert tls.AlertError
	return err == nil || errors.As(err, &alert) || strings.Contains(err.Error(), "remote error: tls:")
}
