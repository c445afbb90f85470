package registry_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func TestBasic(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{Auth: registrytest.Basic})
		want := s.Push("a/b", small, "v1")
		sameManifest(t, s.Client(), "a/b", "v1", want)

		for name, ask := range map[string]func(context.Context, string) (registry.Credential, error){
			"nobody asked": nil,
			"anonymous":    func(context.Context, string) (registry.Credential, error) { return registry.Credential{}, nil },
			"wrong": func(context.Context, string) (registry.Credential, error) {
				return registry.Credential{Username: registrytest.User, Password: "wrong-secret"}, nil
			},
		} {
			t.Run(name, func(t *testing.T) {
				c := s.Client(quick, func(o *registry.Options) { o.Credential = ask })
				_, err := c.Manifest(t.Context(), "a/b", "v1")
				wants(t, err, registry.ErrUnauthorized, "401", "docker login")
				if errors.Is(err, registry.ErrNotFound) || strings.Contains(err.Error(), "wrong-secret") {
					t.Error(err)
				}
			})
		}
		broken := errors.New("helper is broken")
		c := s.Client(quick, func(o *registry.Options) {
			o.Credential = func(context.Context, string) (registry.Credential, error) { return registry.Credential{}, broken }
		})
		_, err := c.Tags(t.Context(), "a/b")
		wants(t, err, broken, "finding the credential for", "")
	})
}

func TestCredentialsAreAskedForOnlyWhenChallenged(t *testing.T) {
	var asked atomic.Int64
	count := func(o *registry.Options) {
		o.Credential = func(_ context.Context, host string) (registry.Credential, error) {
			asked.Add(1)
			if host != o.Base.Host {
				t.Errorf("asked for %q", host)
			}
			return registry.Credential{Username: registrytest.User, Password: registrytest.Password}, nil
		}
	}
	open := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	open.Push("a/b", small, "v1")
	if _, err := open.Client(count).Tags(t.Context(), "a/b"); err != nil || asked.Load() != 0 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
	locked := registrytest.Start(t, registrytest.V2, registrytest.Options{Auth: registrytest.Basic})
	locked.Push("a/b", small, "v1")
	p := registrytest.Faulty(t, locked)
	c := p.Client(count)
	for range 3 {
		if _, err := c.Tags(t.Context(), "a/b"); err != nil {
			t.Fatal(err)
		}
	}
	if asked.Load() != 1 || p.Count("", "") != 4 {
		t.Errorf("asked %d times, %d requests", asked.Load(), p.Count("", ""))
	}
}

// toTokens dials the token server for a name that does not resolve, and everything
// else as it is.
func toTokens(s *registrytest.Server) func(*registry.Options) {
	return func(o *registry.Options) {
		quick(o)
		o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == registrytest.TokenHost+":80" {
				address = s.Tokens.Addr
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	}
}

func TestBearer(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{Auth: registrytest.Bearer})
		ctx := t.Context()
		want := s.Push("a/b", small, "v1")
		s.Push("c/d", small, "v1")
		c := s.Client(toTokens(s))
		for range 3 {
			sameManifest(t, c, "a/b", "v1", want)
		}
		if _, err := c.Tags(ctx, "c/d"); err != nil {
			t.Error(err)
		}
		if got, err := repositories(t, c, 0); len(got) != 2 || err != nil {
			t.Errorf("repositories %q, %v", got, err)
		}
		if ok, err := c.Writable(ctx, "a/b"); !ok || err != nil {
			t.Errorf("writable %t, %v", ok, err)
		}
		if d, err := c.Deletion(ctx, "a/b"); d.Ability != registry.Enabled || err != nil {
			t.Errorf("deletion %+v, %v", d, err)
		}
		scopes := "repository:a/b:pull|repository:c/d:pull|registry:catalog:*|repository:a/b:pull,push|repository:a/b:delete,pull,push|repository:a/b:delete,pull"
		if got := strings.Join(s.Tokens.Asked(), "|"); got != scopes {
			t.Errorf("asked for %q, want %q", got, scopes)
		}
		_, err := s.Client(quick).Tags(ctx, "a/b")
		wants(t, err, nil, registrytest.TokenHost, "host name")
	})
}

// A token that expires in the middle is replaced, by many requests at once as well.
func TestTokenExpires(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{Auth: registrytest.Bearer})
		want := s.Push("a/b", small, "v1")
		c := s.Client(toTokens(s))
		s.Tokens.SetLife(-59 * time.Second) // a second, with the minute's grace
		sameManifest(t, c, "a/b", "v1", want)
		time.Sleep(2100 * time.Millisecond)
		s.Tokens.SetLife(time.Hour)
		done := make(chan error)
		for range 16 {
			go func() {
				_, err := c.Manifest(t.Context(), "a/b", "v1")
				done <- err
			}()
		}
		for range 16 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := len(s.Tokens.Asked()); n < 2 {
			t.Errorf("%d tokens, so none expired", n)
		}
	})
}

// A token that is not for deleting is "denied", not "log in".
func TestScopeNotGranted(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{Auth: registrytest.Bearer})
		c := s.Push("a/b", small, "v1")
		s.Tokens.SetGrant(func(scope string) bool { return strings.HasSuffix(scope, ":pull") })
		client := s.Client(toTokens(s))
		wants(t, client.DeleteManifest(t.Context(), "a/b", c.Digest), registry.ErrDenied, "", "credentials that may")
		if d, err := client.Deletion(t.Context(), "a/b"); d.Ability != registry.Denied || err != nil {
			t.Errorf("deletion %+v, %v", d, err)
		}
		wrong := s.Client(toTokens(s), func(o *registry.Options) {
			o.Credential = func(context.Context, string) (registry.Credential, error) {
				return registry.Credential{Username: "x", Password: "wrong-secret"}, nil
			}
		})
		_, err := wrong.Tags(t.Context(), "a/b")
		wants(t, err, registry.ErrUnauthorized, "token server "+registrytest.TokenHost, "docker login")
		if strings.Contains(err.Error(), "wrong-secret") {
			t.Error(err)
		}
	})
}

// Storage behind a redirect sees neither password nor token, and signed URLs do not
// get into errors.
func TestRedirectedBlobs(t *testing.T) {
	for _, auth := range []registrytest.Auth{registrytest.Basic, registrytest.Bearer} {
		t.Run(string(auth), func(t *testing.T) {
			s := registrytest.Start(t, registrytest.V2, registrytest.Options{Auth: auth})
			s.Push("a/b", small, "v1")
			digest := registry.Digest(layer)
			var seen atomic.Int64
			fail := atomic.Bool{}
			storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen.Add(1)
				if r.Header.Get("Authorization") != "" || r.URL.Query().Get("signature") != "sesame" {
					t.Errorf("storage was sent %q, %q", r.Header.Get("Authorization"), r.URL.RawQuery)
				}
				if fail.Load() {
					panic(http.ErrAbortHandler)
				}
				http.ServeFile(w, r, s.BlobFile(digest))
			}))
			defer storage.Close()
			p := registrytest.Faulty(t, s, registrytest.Rule{Path: "/blobs/sha256", Times: -1, Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				if r.Header.Get("Authorization") == "" {
					s.Challenge(w)
					return
				}
				http.Redirect(w, r, storage.URL+"/data?signature=sesame", http.StatusTemporaryRedirect)
			}})
			c := p.Client(func(o *registry.Options) {
				if auth == registrytest.Bearer {
					toTokens(s)(o)
				}
				quick(o)
				o.Retry.Times = 1
			})
			got, err := c.Blob(t.Context(), "a/b", digest, 1<<20)
			if err != nil || string(got) != string(layer) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if size, err := c.StatBlob(t.Context(), "a/b", digest); err != nil || size != int64(len(layer)) {
				t.Errorf("size %d, %v", size, err)
			}
			if size, err := c.ReadableBlob(t.Context(), "a/b", digest, int64(len(layer))); err != nil || size != int64(len(layer)) {
				t.Errorf("size %d, %v", size, err)
			}
			if seen.Load() != 3 {
				t.Errorf("storage was asked %d times", seen.Load())
			}
			fail.Store(true)
			_, err = c.Blob(t.Context(), "a/b", digest, 1<<20)
			wants(t, err, nil, "reading blob", "")
			if strings.Contains(err.Error(), "sesame") {
				t.Error(err)
			}
		})
	}
}

func TestCredentialDoesNotPrint(t *testing.T) {
	c := registry.Credential{Username: "u", Password: "secret", IdentityToken: "secret", RegistryToken: "secret"}
	for _, text := range []string{c.String(), c.GoString()} {
		if strings.Contains(text, "secret") {
			t.Error(text)
		}
	}
}
