package upgrade

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

type attemptKey struct{}

// attempt is one upgrade request. It knows the TCP connection under it, which
// net/http would otherwise keep to itself, so that ending the context ends the
// dial, the TLS handshake and the wait for an answer alike.
type attempt struct {
	ctx  context.Context
	sent atomic.Bool

	mu   sync.Mutex
	raw  net.Conn
	over bool
}

// dial is the transport's DialContext. The context that net/http passes is cut
// off from the caller's, so the caller's travels as a value.
func (d *Dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return d.rawDial(ctx, network, addr)
	}
	c, err := d.rawDial(a.ctx, network, addr)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		c.Close()
		return nil, net.ErrClosed
	}
	a.raw = c
	return c, nil
}

// end closes whatever the attempt has opened, and what it may still open.
func (a *attempt) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	if a.raw != nil {
		a.raw.Close()
	}
}

// upgrade sends one request and returns the connection behind a 101 answer.
func (d *Dialer) upgrade(ctx context.Context, method string, u *url.URL, header http.Header) (*conn, http.Header, error) {
	a := &attempt{ctx: ctx}
	stop := context.AfterFunc(ctx, a.end)
	c, answer, err := d.try(a, method, u, header)
	if err == nil && !stop() {
		err = &Unanswered{Err: context.Cause(ctx)}
	}
	if err == nil {
		return c, answer, nil
	}
	stop()
	a.end()
	return nil, nil, err
}

func (d *Dialer) try(a *attempt, method string, u *url.URL, header http.Header) (*conn, http.Header, error) {
	ctx := httptrace.WithClientTrace(context.WithValue(a.ctx, attemptKey{}, a), &httptrace.ClientTrace{
		WroteHeaders: func() { a.sent.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("preparing an upgrade request: %w", err)
	}
	req.Header = header
	resp, err := d.rt.RoundTrip(req)
	if err != nil {
		if cause := ended(a.ctx); cause != nil {
			err = cause
		}
		if a.sent.Load() {
			return nil, nil, &Unanswered{Err: err}
		}
		return nil, nil, fmt.Errorf("connecting to the API server: %w", err)
	}
	body, upgraded := resp.Body.(io.ReadWriteCloser)
	if resp.StatusCode != http.StatusSwitchingProtocols || !upgraded {
		defer resp.Body.Close()
		return nil, nil, refusal(resp)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return &conn{rwc: body, raw: a.raw}, resp.Header, nil
}

// ended says why ctx has ended, nil if it has not. A dial notices a deadline by
// a clock of its own, a moment before the context does.
func ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
	return context.Cause(ctx)
}
