package registry_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// What HEAD leaves open, because it has no body, is found out by GET.
func TestHeadThatSaysTooLittle(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		want := s.Push("a/b", small, "v1")
		digest := registry.Digest(layer)
		page := registrytest.Status(http.StatusNotFound, "", "Content-Type", "text/html")
		for name, test := range map[string]struct {
			do          registrytest.Action
			gets        int
			manifestErr error
			blobErr     error
		}{
			"all is well": {nil, 0, nil, nil},
			"no digest":   {registrytest.SetHeader("Docker-Content-Digest", ""), 1, nil, nil},
			"no type":     {registrytest.SetHeader("Content-Type", "text/plain"), 1, nil, nil},
			"a page":      {page, 2, nil, nil},
			"denied":      {registrytest.Status(http.StatusForbidden, ""), 0, registry.ErrDenied, registry.ErrDenied},
		} {
			t.Run(name, func(t *testing.T) {
				p := registrytest.Faulty(t, s)
				if test.do != nil {
					p.Add(registrytest.Rule{Method: http.MethodHead, Times: -1, Do: test.do})
				}
				c := p.Client(quick)
				d, err := c.Head(t.Context(), "a/b", "v1")
				if !errors.Is(err, test.manifestErr) || err == nil && (d.Digest != want.Digest || d.Size != int64(len(want.Body)) || d.MediaType != want.MediaType) {
					t.Errorf("got %+v, %v", d, err)
				}
				size, err := c.StatBlob(t.Context(), "a/b", digest)
				if !errors.Is(err, test.blobErr) || err == nil && size != int64(len(layer)) {
					t.Errorf("got %d, %v", size, err)
				}
				if got := p.Count(http.MethodGet, ""); got != test.gets {
					t.Errorf("%d GETs, want %d", got, test.gets)
				}
			})
		}
		p := registrytest.Faulty(t, s, registrytest.Rule{Method: http.MethodHead, Times: -1, Do: page})
		_, err := p.Client(quick).Head(t.Context(), "a/b", "none")
		wants(t, err, registry.ErrNotFound, "MANIFEST_UNKNOWN", "")
		_, err = p.Client(quick).StatBlob(t.Context(), "a/b", registry.Digest([]byte("absent")))
		wants(t, err, registry.ErrNotFound, "BLOB_UNKNOWN", "")
	})
}

// Writing the same manifest again changes nothing, so that it may be repeated.
func TestFaultsOfWriting(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		want := s.Push("a/b", small)
		for name, do := range map[string]registrytest.Action{
			"before": registrytest.Drop(), "after": registrytest.DropAfter(),
			"busy": registrytest.Status(503, ""), "timeout": registrytest.StatusAfter(504, ""),
		} {
			p := registrytest.Faulty(t, s, registrytest.Rule{Method: http.MethodPut, Do: do})
			if err := p.Client(quick).PutManifest(t.Context(), "a/b", name, &want.Manifest); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got := p.Count(http.MethodPut, ""); got != 2 {
				t.Errorf("%s: sent %d times", name, got)
			}
			sameManifest(t, s.Client(), "a/b", name, want)
		}
		s.SetReadOnly(true)
		wants(t, s.Client().PutManifest(t.Context(), "a/b", "v1", &want.Manifest), registry.ErrUnsupported, "405", "")
	})
}
