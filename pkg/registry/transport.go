package registry

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// transport sends what goes to the registry by one transport and everything else,
// token servers and storage behind redirects, by another one that has nothing of
// the registry's identity.
type transport struct {
	host            string
	registry, other *http.Transport
}

func newTransport(o Options, base *url.URL) *transport {
	own := &http.Transport{
		DialContext:         o.Dial,
		Proxy:               http.ProxyFromEnvironment,
		MaxIdleConns:        2 * o.Conns,
		MaxIdleConnsPerHost: o.Conns,
		MaxConnsPerHost:     o.Conns,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 20 * time.Second,
		DisableCompression:  true, // sizes and digests are those of the bytes sent
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if o.Dial != nil {
		own.Proxy = nil
	} else {
		own.DialContext = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	if o.TLS != nil {
		own.TLSClientConfig = o.TLS.Clone()
	}
	own.TLSClientConfig.NextProtos = nil
	own.Protocols = new(http.Protocols)
	own.Protocols.SetHTTP1(true)
	other := own.Clone()
	other.TLSClientConfig.ServerName = ""
	other.TLSClientConfig.Certificates = nil
	other.TLSClientConfig.GetClientCertificate = nil
	return &transport{host: base.Host, registry: own, other: other}
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if resp := challengeOf(req.Context()); resp != nil {
		return resp, nil
	}
	via := t.other
	if req.URL.Host == t.host {
		via = t.registry
	}
	resp, err := via.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		err = drain(resp)
	}
	return resp, err
}

type challengeKey struct{}

// withChallenge lets the next request of ctx be answered by resp, which is the server's
// answer to the same request, so that it need not be sent again to be challenged.
func withChallenge(ctx context.Context, resp *http.Response) context.Context {
	var once atomic.Pointer[http.Response]
	once.Store(resp)
	return context.WithValue(ctx, challengeKey{}, &once)
}

func challengeOf(ctx context.Context) *http.Response {
	if once, ok := ctx.Value(challengeKey{}).(*atomic.Pointer[http.Response]); ok {
		return once.Swap(nil)
	}
	return nil
}

// drain reads a challenge's body, which nobody else does, so that the connection
// can be used again.
func drain(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("reading the challenge: %w", err)
	}
	return nil
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] looks for.
func (t *transport) CloseIdleConnections() {
	t.registry.CloseIdleConnections()
	t.other.CloseIdleConnections()
}

const maxRedirects = 5

// checkRedirect lets only reads be sent elsewhere: net/http would turn a redirected
// DELETE into a GET, whose success says nothing. It never leaves https.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet && first.Method != http.MethodHead {
		return http.ErrUseLastResponse
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return permanent{fmt.Errorf("redirected from https to %q", req.URL.Scheme)}
	}
	if len(via) >= maxRedirects {
		return permanent{fmt.Errorf("redirected more than %d times", maxRedirects)}
	}
	return nil
}

// attemptContext limits one attempt.
func (c *Client) attemptContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, c.timeout, errTimeout)
}
