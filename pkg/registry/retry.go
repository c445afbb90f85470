package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
)

// Retry says how often and how patiently a request is sent again. The zero value
// has sensible defaults.
type Retry struct {
	// Times is the number of further attempts, default 5, negative for none. It is 2
	// at most after a 500 and after content that was not what its digest says.
	Times int

	// Wait is the pause before the second attempt, default 250 ms. It doubles from
	// attempt to attempt and varies by half.
	Wait time.Duration

	// MaxWait is the longest pause, default 30 s. A server that asks for a longer one
	// is not asked again: its answer is the error, with [Error.RetryAfter].
	MaxWait time.Duration
}

func (r Retry) withDefaults() Retry {
	if r.Times == 0 {
		r.Times = 5
	}
	if r.Wait <= 0 {
		r.Wait = 250 * time.Millisecond
	}
	if r.MaxWait <= 0 {
		r.MaxWait = 30 * time.Second
	}
	return r
}

// Attempt tells of a request that will be sent again.
type Attempt struct {
	Err   error         // why, with what was asked for
	Again int           // 1 for the first repetition
	Of    int           // repetitions there will be at most
	Wait  time.Duration // until then
}

// few is how often a fault is retried that is more likely a lasting one.
const few = 2

// errTimeout is why an attempt ends that took too long.
var errTimeout = errors.New("no complete answer in time")

// permanent marks a failure that would only repeat itself.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// wrongContent marks an answer that contradicts itself.
type wrongContent struct{ error }

func (w wrongContent) Unwrap() error { return w.error }

// allowed is how many repetitions err deserves.
func (r Retry) allowed(req *request, err error) int {
	var answer *Error
	var wrong wrongContent
	switch {
	case r.Times < 0:
		return 0
	case errors.As(err, &answer):
		return r.allowedStatus(req, answer)
	case req.once:
		return 0 // who knows what has been done
	case errors.As(err, &wrong):
		return min(few, r.Times)
	case lasting(err):
		return 0
	}
	return r.Times
}

func (r Retry) allowedStatus(req *request, answer *Error) int {
	if answer.RetryAfter > r.MaxWait {
		return 0
	}
	switch answer.Status {
	case http.StatusTooManyRequests:
		return r.Times
	case http.StatusGatewayTimeout:
		if req.smaller {
			return 0
		}
	case http.StatusInternalServerError:
		if !req.once {
			return min(few, r.Times)
		}
		return 0
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusServiceUnavailable:
	default:
		return 0
	}
	if req.once {
		return 0
	}
	return r.Times
}

// lasting reports whether a failed connection will fail again.
func lasting(err error) bool {
	var (
		marked      permanent
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		record      tls.RecordHeaderError
		alert       tls.AlertError
		name        *net.DNSError
	)
	switch {
	case errors.As(err, &marked), errors.As(err, &certificate), errors.As(err, &authority),
		errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return true
	case errors.As(err, &name):
		return name.IsNotFound
	}
	return false
}

// wait pauses before repetition n, counted from 1.
func (c *Client) wait(ctx context.Context, err error, n, of int) error {
	d := min(c.retry.Wait<<min(n-1, 20), c.retry.MaxWait)
	d = d/2 + rand.N(d/2+1)
	var answer *Error
	if errors.As(err, &answer) && answer.RetryAfter > 0 {
		d = answer.RetryAfter
	}
	if c.onRetry != nil {
		c.onRetry(Attempt{Err: err, Again: n, Of: of, Wait: d})
	}
	return pause.For(ctx, d)
}

type repeatKey struct{}

// WithRepeat has requests with the context it returns call may before they are sent
// again. Its error ends the request, which then wraps it: a server may take minutes
// until it accepts what has become wrong meanwhile. may is called without itself in
// its context.
func WithRepeat(ctx context.Context, may func(context.Context) error) context.Context {
	return context.WithValue(ctx, repeatKey{}, may)
}

func mayRepeat(ctx context.Context) error {
	may, _ := ctx.Value(repeatKey{}).(func(context.Context) error)
	if may == nil {
		return nil
	}
	return may(WithRepeat(ctx, nil))
}
