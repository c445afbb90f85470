package registry_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func TestDeletionProbe(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		for name, test := range map[string]struct {
			options registrytest.Options
			rules   []registrytest.Rule
			client  func(*registry.Options)
			want    registry.Ability
			said    string
		}{
			"enabled":   {want: registry.Enabled, said: "404"},
			"disabled":  {options: registrytest.Options{NoDelete: true}, want: registry.Disabled, said: "UNSUPPORTED"},
			"read-only": {options: registrytest.Options{ReadOnly: true}, want: registry.Disabled, said: "405"},
			"anonymous": {options: registrytest.Options{Auth: registrytest.Basic}, want: registry.Denied, said: "401",
				client: func(o *registry.Options) { o.Credential = nil }},
			"forbidden": {rules: []registrytest.Rule{{Method: http.MethodDelete, Do: registrytest.Status(403, "no")}}, want: registry.Denied, said: "403"},
			"refused":   {rules: []registrytest.Rule{{Method: http.MethodDelete, Do: registrytest.Status(400, `{"errors":[{"code":"UNSUPPORTED"}]}`)}}, want: registry.Disabled, said: "400"},
		} {
			t.Run(name, func(t *testing.T) {
				s := registrytest.Start(t, v, test.options)
				if err := registrytest.Write(s.Root, "a/b", small, "v1"); err != nil {
					t.Fatal(err)
				}
				c := registrytest.Faulty(t, s, test.rules...).Client(func(o *registry.Options) {
					if test.client != nil {
						test.client(o)
					}
				})
				got, err := c.Deletion(t.Context(), "a/b")
				if err != nil || got.Ability != test.want || !strings.Contains(got.Evidence, test.said) {
					t.Errorf("got %+v, %v", got, err)
				}
				if file := s.BlobFiles()[small.Build().Digest]; file == 0 {
					t.Error("the image is gone")
				}
			})
		}
	})
}

// A page of something else says nothing about deletion.
func TestDeletionProbeKnowsWhatItDoesNotKnow(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	p := registrytest.Faulty(t, s)
	for _, act := range []registrytest.Action{
		registrytest.Status(404, "404 page not found"), registrytest.Status(200, "<html>", "Content-Type", "text/html"),
		registrytest.Status(302, "", "Location", "/login"), registrytest.Status(400, "what?"),
	} {
		p.Add(registrytest.Rule{Method: http.MethodDelete, Do: act})
		if got, err := p.Client(quick).Deletion(t.Context(), "a/b"); err == nil {
			t.Errorf("taken for %+v", got)
		}
		p.Clear()
	}
}

func TestWritable(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		s.Push("a/b", small, "v1")
		c := s.Client(quick)
		check := func(want bool) {
			t.Helper()
			if got, err := c.Writable(t.Context(), "a/b"); got != want || err != nil {
				t.Errorf("got %t, %v", got, err)
			}
			if left := s.Uploads("a/b"); len(left) > 0 {
				t.Errorf("left uploads %q", left)
			}
		}
		check(true)
		s.SetReadOnly(true)
		check(false)
		s.SetReadOnly(false)
		check(true)

		p := registrytest.Faulty(t, s, registrytest.Rule{Method: http.MethodPost, Do: registrytest.StatusAfter(503, "")})
		_, err := p.Client(quick).Writable(t.Context(), "a/b")
		wants(t, err, nil, "503", "")
		if n := p.Count(http.MethodPost, ""); n != 1 {
			t.Errorf("%d uploads were begun", n)
		}
	})
}

// The upload is cancelled even if the caller gives up in between.
func TestWritableCleansUpWhenCancelled(t *testing.T) {
	s := registrytest.Start(t, registrytest.V3, registrytest.Options{})
	s.Push("a/b", small, "v1")
	ctx, cancel := context.WithCancel(t.Context())
	p := registrytest.Faulty(t, s, registrytest.Rule{Method: http.MethodDelete, Do: registrytest.Hook(func(*http.Request) { cancel() })})
	if ok, err := p.Client().Writable(ctx, "a/b"); !ok || err != nil {
		t.Errorf("got %t, %v", ok, err)
	}
	if left := s.Uploads("a/b"); len(left) > 0 {
		t.Errorf("left uploads %q", left)
	}
	p.Add(registrytest.Rule{Method: http.MethodDelete, Times: -1, Do: registrytest.Status(500, "")})
	ok, err := p.Client(quick).Writable(t.Context(), "a/b")
	if !ok {
		t.Error("an upload was taken")
	}
	wants(t, err, nil, "cancelling the upload", "purge")
}
