package registrytest

import (
	"context"
	"crypto/tls"
	"net/url"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Client is a client for the server that has what it needs: its authority, and its
// user's credentials. It is closed with the test.
func (s *Server) Client(change ...func(*registry.Options)) *registry.Client {
	s.tb.Helper()
	base, err := url.Parse(s.URL)
	if err != nil {
		s.tb.Fatal(err)
	}
	o := registry.Options{Base: base, TLS: s.tls()}
	if s.options.Auth != Open {
		o.Credential = func(context.Context, string) (registry.Credential, error) {
			return registry.Credential{Username: User, Password: Password}, nil
		}
	}
	for _, f := range change {
		f(&o)
	}
	c, err := registry.New(o)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(c.Close)
	return c
}

// At is an open server that runs elsewhere, such as in a cluster: what talks to it
// works, and nothing that concerns its process or its files.
func At(tb TB, url string) *Server {
	return &Server{URL: url, Addr: url[strings.LastIndex(url, "/")+1:], tb: tb, log: &buffer{}}
}

func (s *Server) tls() *tls.Config {
	if s.CA == nil {
		return nil
	}
	return &tls.Config{RootCAs: s.CA, MinVersion: tls.VersionTLS12}
}
