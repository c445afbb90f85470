package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Options say which registry and how to reach it. Only Base is required.
type Options struct {
	// Base is the registry's address: scheme, host, and a path if its API is not at
	// the root. It must not hold credentials.
	Base *url.URL

	// Dial makes all connections, those to a token server too, whose host name may
	// mean nothing here. nil: the machine's own network and the proxy that the
	// environment names.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// TLS is for https. ServerName and Certificates are used for the registry's host
	// only, the rest for token servers and redirects as well.
	TLS *tls.Config

	// Credential is asked when a server wants one, with HOST[:PORT] of the registry.
	// The zero Credential and nil mean: anonymous.
	Credential func(ctx context.Context, host string) (Credential, error)

	UserAgent string        // default "kubectl-suite"
	Conns     int           // connections to a host at once, default 8; more requests wait
	Timeout   time.Duration // of one attempt, answer included; default 5 minutes
	Retry     Retry
	OnRetry   func(Attempt) // called before the wait for every further attempt, by several goroutines at once
}

// Client asks one registry. Its methods may be called at the same time.
type Client struct {
	base    *url.URL // without a slash at the end
	http    *http.Client
	auth    *auth.Client
	timeout time.Duration
	retry   Retry
	onRetry func(Attempt)

	challenged atomic.Bool // a server has wanted credentials
}

// New makes a client. It does not connect.
func New(o Options) (*Client, error) {
	base, err := checkBase(o.Base)
	if err != nil {
		return nil, err
	}
	if o.UserAgent == "" {
		o.UserAgent = "kubectl-suite"
	}
	if o.Conns <= 0 {
		o.Conns = 8
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Minute
	}
	c := &Client{base: base, timeout: o.Timeout, retry: o.Retry.withDefaults(), onRetry: o.OnRetry}
	c.http = &http.Client{Transport: newTransport(o, base), CheckRedirect: checkRedirect}
	c.auth = &auth.Client{
		Client:     c.http,
		Header:     http.Header{"User-Agent": {o.UserAgent}},
		Cache:      auth.NewCache(),
		ClientID:   o.UserAgent,
		Credential: credentialFunc(o.Credential, base.Host),
	}
	if o.Dial != nil {
		// Addresses mean what they mean where Dial leads, so what they resolve to here
		// says nothing about a token server.
		c.auth.BlockedRealmPrefixes = []netip.Prefix{}
	}
	return c, nil
}

func checkBase(base *url.URL) (*url.URL, error) {
	switch {
	case base == nil:
		return nil, errors.New("no address of a registry")
	case base.User != nil:
		return nil, hint.With(errors.New("the address of the registry holds credentials"),
			"leave them out of the URL: it ends up in logs")
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return nil, fmt.Errorf("registry address %q is no http or https URL", base.Redacted())
	case base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the address of a registry has neither query nor fragment")
	}
	b := *base
	b.Path = strings.TrimRight(b.Path, "/")
	b.RawPath = ""
	return &b, nil
}

// Close gives up idle connections. The client can still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Base is the registry's address, without a slash at the end.
func (c *Client) Base() *url.URL {
	b := *c.base
	return &b
}
