package redisconn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// startTLS turns conn into a TLS connection. It owns conn.
func (e *Endpoint) startTLS(ctx context.Context, conn net.Conn) (net.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, tlsProbeTime)
	defer cancel()
	secure := tls.Client(conn, e.TLS)
	// A Redis without TLS takes the greeting for the start of a long command and
	// waits for more. Nobody has to wait as long as that to find out.
	plain := false
	var doubt sync.WaitGroup
	doubt.Go(func() {
		select {
		case <-limited.Done():
		case <-time.After(tlsPatience):
			if plain = e.speaksPlain(limited); plain {
				cancel()
			}
		}
	})
	err := secure.HandshakeContext(limited)
	cancel()
	doubt.Wait()
	if err == nil {
		return secure, nil
	}
	_ = conn.Close()
	if plain {
		return nil, hint.With(ErrNotTLS, noTLSHint)
	}
	return nil, explainTLS(err)
}

const (
	noTLSHint      = "leave out --tls"
	clientCertHint = "give --tls-cert-file and --tls-key-file"
)

// speaksPlain asks for a PONG without TLS.
func (e *Endpoint) speaksPlain(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, tlsProbeTime)
	defer cancel()
	conn, err := e.Dial(ctx, "tcp", e.Addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	err = (&dialogue{conn, resp.NewReader(conn)}).ask("PING")
	return err == nil || code(err) != ""
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
		return hint.With(ErrNotTLS, noTLSHint)
	case errors.As(err, &unknown):
		return hint.With(fmt.Errorf("checking the server's certificate: %w", err),
			"give the CA's certificate with --tls-ca-file FILE, or do without the check with --tls-skip-verify")
	case errors.As(err, &host):
		return hint.With(fmt.Errorf("checking the server's certificate: %w", err),
			"it is valid for "+certNames(host.Certificate)+": name one with --tls-name")
	case strings.Contains(err.Error(), "certificate required"):
		return hint.With(errors.New("the server wants a client certificate"), clientCertHint)
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

// tlsProbeTime is enough for a handshake through a slow tunnel, and short enough
// to wait for when there is none.
const tlsProbeTime = 3 * time.Second

// tlsPatience is how long a handshake may take before it is doubted that there
// will be one.
const tlsPatience = 250 * time.Millisecond

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
	err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx)
	var alert tls.AlertError
	return err == nil || errors.As(err, &alert) || strings.Contains(err.Error(), "remote error: tls:")
}
