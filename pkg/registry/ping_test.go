package registry_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func TestPing(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		open := registrytest.Start(t, v, registrytest.Options{})
		got, err := open.Client().Ping(t.Context())
		if err != nil || got.Status != 200 || got.APIVersion != "registry/2.0" {
			t.Errorf("got %+v, %v", got, err)
		}
		for _, o := range []registrytest.Options{{Auth: registrytest.Basic}, {Auth: registrytest.Bearer}} {
			s := registrytest.Start(t, v, o)
			change := func(o *registry.Options) {
				if s.Tokens != nil {
					toTokens(s)(o)
				}
			}
			got, err := s.Client(change).Ping(t.Context())
			if err != nil || got.Status != 200 {
				t.Errorf("%s: got %+v, %v", o.Auth, got, err)
			}
			got, err = s.Client(change, func(o *registry.Options) { o.Credential = nil }).Ping(t.Context())
			wants(t, err, registry.ErrUnauthorized, "asking for a registry at", "docker login")
			if got == nil || got.Status != 401 || got.APIVersion != "registry/2.0" {
				t.Errorf("%s: got %+v", o.Auth, got)
			}
		}
	})
}

// What others answer, as their documentation and source have it.
func TestPingTellsRegistriesFromOthers(t *testing.T) {
	for name, test := range map[string]struct {
		do   registrytest.Action
		kind error
		text string
	}{
		"empty document": {registrytest.Status(200, "{}", "Content-Type", "application/json"), nil, ""},
		"gitlab":         {registrytest.Status(200, "{}", "Gitlab-Container-Registry-Version", "4.1\u202e"), nil, ""},
		"a web page":     {registrytest.Status(200, "<html>", "Content-Type", "text/html"), registry.ErrNotRegistry, "does not speak"},
		"another API":    {registrytest.Status(200, `{"kind":"APIVersions"}`), registry.ErrNotRegistry, ""},
		"no such page":   {registrytest.Status(404, "404 page not found"), registry.ErrNotRegistry, "404"},
		"login page":     {registrytest.Status(302, "", "Location", "http://127.0.0.1:1/login"), nil, "connection refused"},
		"locked":         {registrytest.Status(401, "no"), registry.ErrUnauthorized, "401"},
		"broken":         {registrytest.Status(503, ""), nil, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { test.do(w, r, nil) }))
			defer front.Close()
			base, err := url.Parse(front.URL)
			if err != nil {
				t.Fatal(err)
			}
			c, err := registry.New(registry.Options{Base: base, Retry: registry.Retry{Times: -1}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			got, err := c.Ping(t.Context())
			if test.text == "" && test.kind == nil {
				if err != nil || got.Status != 200 {
					t.Errorf("got %+v, %v", got, err)
				}
			} else {
				wants(t, err, test.kind, test.text, "")
			}
			if name == "gitlab" && got.Vendor["Gitlab-Container-Registry-Version"] != `4.1\u202e` {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	c, err := registry.New(registry.Options{Base: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Retry: registry.Retry{Times: -1}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Ping(t.Context())
	wants(t, err, nil, "connection refused", "")
	if got != nil {
		t.Errorf("got %+v", got)
	}
}

func TestBadAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"ftp://a": "no http", "http:": "no http", "//a": "no http", "http://a?b=secret": "query",
		"http://u:secret@a": "credentials", "http://a/#x": "fragment",
	} {
		base, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = registry.New(registry.Options{Base: base})
		wants(t, err, nil, want, "")
		if err != nil && containsSecret(err) {
			t.Error(err)
		}
	}
	_, err := registry.New(registry.Options{})
	wants(t, err, nil, "no address", "")
}
