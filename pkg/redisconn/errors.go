package redisconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// What Open's errors are, by errors.Is.
var (
	// ErrNoPassword: the server wants a password and none was found.
	ErrNoPassword = errors.New("the server wants a password and none was found")
	// ErrWrongPassword: it refused all that were.
	ErrWrongPassword = errors.New("wrong password")
	// ErrNeedsTLS: the port speaks TLS, the endpoint does not.
	ErrNeedsTLS = errors.New("the server speaks TLS on this port")
	// ErrNotTLS: the endpoint speaks TLS, the port does not.
	ErrNotTLS = errors.New("the server does not speak TLS on this port")
	// ErrNotRedis: something else listens there.
	ErrNotRedis = errors.New("not a Redis server")
	// ErrSentinel: a Sentinel, which holds no data.
	ErrSentinel = errors.New("a Redis Sentinel, which holds no data")
)

// ConnectError says to which endpoint no connection came about, and why.
type ConnectError struct {
	Name string
	Err  error
}

func (e *ConnectError) Error() string {
	const start = "connecting to "
	if text := e.Err.Error(); strings.HasPrefix(text, start) {
		return text // podconn has named the pod already
	}
	return start + e.Name + ": " + e.Err.Error()
}

func (e *ConnectError) Unwrap() error { return e.Err }

// WrongPasswordError names where the refused passwords came from. It is
// [ErrWrongPassword].
type WrongPasswordError struct{ Sources []string }

func (e *WrongPasswordError) Error() string {
	return "the server refused the password from " + strings.Join(e.Sources, ", and from ")
}

func (e *WrongPasswordError) Is(target error) bool { return target == ErrWrongPassword }

// explain turns what went wrong during the login into what it means.
func (e *Endpoint) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	var reply resp.Error
	switch {
	case errors.Is(err, ErrNoPassword), errors.Is(err, ErrWrongPassword):
		return hint.With(err, e.PasswordHint)
	case errors.As(err, &reply):
		return explainReply(reply)
	case e.TLS != nil && strings.Contains(err.Error(), "tls:"): // TLS 1.3 tells some refusals after the handshake
		return explainTLS(err)
	case errors.Is(err, resp.ErrProtocol), closedAtOnce(err):
		return e.explainStranger(ctx, err)
	}
	return err
}

func explainReply(reply resp.Error) error {
	switch reply.Code() {
	case "LOADING":
		return hint.With(fmt.Errorf("the server is loading its data: %w", reply), "try again when it is done")
	case "DENIED":
		return hint.With(errors.New("the server runs in protected mode and accepts connections from its own host only"),
			"set a password or 'protected-mode no' on the server")
	case "NOAUTH":
		return ErrNoPassword
	}
	return reply
}

func closedAtOnce(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// explainStranger finds out what else may be listening: a TLS server answers a
// plain command with an alert or by hanging up.
func (e *Endpoint) explainStranger(ctx context.Context, err error) error {
	if e.TLS == nil && e.speaksTLS(ctx) {
		return hint.With(ErrNeedsTLS, e.TLSHint)
	}
	text := err.Error()
	switch {
	case e.TLS != nil && closedAtOnce(err) && len(e.TLS.Certificates) == 0: // the reset may overtake the alert
		return hint.With(errors.New("the server closed the connection after the TLS handshake"), "it may want a client certificate: "+clientCertHint)
	case strings.Contains(text, `"ERROR`):
		return hint.With(fmt.Errorf("%w: it answers like Memcached", ErrNotRedis), portHint)
	case strings.Contains(text, `"HTTP/`):
		return hint.With(fmt.Errorf("%w: it answers with HTTP", ErrNotRedis), portHint)
	case errors.Is(err, resp.ErrProtocol):
		return hint.With(fmt.Errorf("%w: %s", ErrNotRedis, strings.TrimPrefix(text, resp.ErrProtocol.Error()+": ")), portHint)
	}
	return fmt.Errorf("the server closed the connection: %w", err)
}

const portHint = "give the right port with --port"

// IsTimeout reports whether err says that time ran out.
func IsTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}
