// Package upgrade opens upgraded connections to a Kubernetes API server: the
// WebSocket and the SPDY connections that exec and port-forward run on.
//
// One [Dialer] serves a whole run. It reads certificates and keys once, resumes
// TLS sessions instead of negotiating each connection from scratch, and sends
// the credentials, impersonation and user agent of its rest.Config with every
// request. Every step of a dial ends with its context, including a TCP or TLS
// handshake that hangs and a server that accepts a request and never answers.
//
// It sends exactly one request per call. It refuses to guess: a refusal by the
// server is a [*Refused], a request that was sent and not answered is an
// [*Unanswered], and neither is retried here.
//
//	d, err := upgrade.New(cfg)
//	u := d.URL("default", "web-0", "exec", url.Values{"command": {"date"}})
//	err = d.Either("KUBECTL_REMOTE_COMMAND_WEBSOCKETS",
//		func() error { conn, _, err = d.WebSocket(ctx, u, "v5.channel.k8s.io"); return err },
//		func() error { spdy, _, err = d.SPDY(ctx, u, "v4.channel.k8s.io"); return err })
package upgrade

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
)

const (
	dialTimeout      = 30 * time.Second
	handshakeTimeout = 30 * time.Second
	// answerTimeout bounds the wait for the answer to an upgrade request. An
	// API server dials the node before it answers, so it is generous.
	answerTimeout = 45 * time.Second
	// sessionCache is the number of TLS sessions kept: one per API server
	// address is enough, and a server may hand out several tickets.
	sessionCache = 64
)

// Dialer opens upgraded connections to one API server. It is safe for
// concurrent use; the zero value is not usable.
type Dialer struct {
	base    *url.URL
	answer  time.Duration // how long the answer to an upgrade request may take
	rt      http.RoundTripper
	rawDial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu     sync.Mutex
	chosen map[string]choice
}

// New prepares a Dialer for cfg, which it reads once and does not keep. It
// opens no connection; an error means that cfg cannot be used, for instance
// because a certificate does not parse.
func New(cfg *rest.Config) (*Dialer, error) {
	base, _, err := rest.DefaultServerUrlFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("reading the API server address %q: %w", cfg.Host, err)
	}
	tc, err := cfg.TransportConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the credentials of the API server: %w", err)
	}
	tlsConfig, err := transport.TLSConfigFor(tc)
	if err != nil {
		return nil, fmt.Errorf("reading the certificates of the API server: %w", err)
	}
	if tlsConfig == nil {
		tlsConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	// Upgrades exist in HTTP/1.1 only: a server that picks h2 cannot switch.
	tlsConfig.NextProtos = nil
	if tlsConfig.ClientSessionCache == nil {
		tlsConfig.ClientSessionCache = tls.NewLRUClientSessionCache(sessionCache)
	}
	d := &Dialer{base: base, answer: answerTimeout, chosen: map[string]choice{}}
	if cfg.Timeout > 0 { // --request-timeout bounds the request, not what runs behind it
		d.answer = min(d.answer, cfg.Timeout)
	}
	d.rawDial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	if tc.DialHolder != nil && tc.DialHolder.Dial != nil {
		d.rawDial = tc.DialHolder.Dial
	}
	d.rt, err = transport.HTTPWrappersForConfig(tc, d.transport(tlsConfig, tc.Proxy))
	if err != nil {
		return nil, fmt.Errorf("preparing the credentials of the API server: %w", err)
	}
	return d, nil
}

// transport is the bottom of the chain: plain HTTP/1.1, one connection per
// request, every connection known to the attempt that asked for it.
func (d *Dialer) transport(tlsConfig *tls.Config, proxy func(*http.Request) (*url.URL, error)) http.RoundTripper {
	if proxy == nil {
		proxy = utilnet.NewProxierWithNoProxyCIDR(http.ProxyFromEnvironment)
	}
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           d.dial,
		TLSClientConfig:       tlsConfig,
		TLSNextProto:          map[string]func(string, *tls.Conn) http.RoundTripper{},
		TLSHandshakeTimeout:   handshakeTimeout,
		ResponseHeaderTimeout: d.answer,
		DisableKeepAlives:     true,
		DisableCompression:    true,
	}
}

// URL is the address of a subresource of a pod, such as "exec" or
// "portforward", below any path prefix that the server's address has.
func (d *Dialer) URL(namespace, pod, subresource string, query url.Values) *url.URL {
	u := *d.base
	u.Path = strings.TrimSuffix(u.Path, "/") + "/api/v1/namespaces/" + namespace + "/pods/" + pod + "/" + subresource
	u.RawQuery = query.Encode()
	return &u
}
