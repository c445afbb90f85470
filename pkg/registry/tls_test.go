package registry_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func TestTLS(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{TLS: true})
		want := s.Push("a/b", small, "v1")
		sameManifest(t, s.Client(), "a/b", "v1", want)

		var h heard
		_, err := s.Client(h.option, func(o *registry.Options) { o.TLS = nil }).Tags(t.Context(), "a/b")
		wants(t, err, nil, "x509", "authority")
		_, err = s.Client(h.option, func(o *registry.Options) { o.TLS.ServerName = "other.example" }).Tags(t.Context(), "a/b")
		wants(t, err, nil, "x509", "server name")
		_, err = s.Client(h.option, scheme("http")).Tags(t.Context(), "a/b")
		wants(t, err, nil, "400", "")
		if h.count() > 0 {
			t.Errorf("repeated what would fail again: %v", h.all)
		}
		open := registrytest.Start(t, v, registrytest.Options{})
		_, err = open.Client(h.option, scheme("https")).Tags(t.Context(), "a/b")
		wants(t, err, nil, "HTTP response to HTTPS client", "http://")
		if h.count() > 0 {
			t.Errorf("repeated what would fail again: %v", h.all)
		}
	})
}

func scheme(text string) func(*registry.Options) {
	return func(o *registry.Options) {
		base := *o.Base
		base.Scheme = text
		o.Base = &base
	}
}

// A service's name in the certificate is what counts, wherever the dialer leads.
func TestTLSByServerName(t *testing.T) {
	s := registrytest.Start(t, registrytest.V3, registrytest.Options{TLS: true})
	want := s.Push("a/b", small, "v1")
	through := func(host string) func(*registry.Options) {
		return func(o *registry.Options) {
			quick(o)
			o.Base = &url.URL{Scheme: "https", Host: host}
			o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if !strings.HasPrefix(address, o.Base.Hostname()) {
					t.Errorf("dialed %q", address)
				}
				return new(net.Dialer).DialContext(ctx, network, s.Addr)
			}
		}
	}
	sameManifest(t, s.Client(through(registrytest.ServerName)), "a/b", "v1", want)
	other := s.Client(through("nobody.example"), func(o *registry.Options) { o.TLS.ServerName = registrytest.ServerName })
	sameManifest(t, other, "a/b", "v1", want)
	_, err := s.Client(through("nobody.example")).Tags(t.Context(), "a/b")
	wants(t, err, nil, "nobody.example", "authority")
	bare := s.Client(through("nobody.example"), func(o *registry.Options) {
		o.TLS = &tls.Config{InsecureSkipVerify: true} // what is tested
	})
	sameManifest(t, bare, "a/b", "v1", want)
}
