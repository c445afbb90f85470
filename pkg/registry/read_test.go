package registry_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

var (
	layer = registrytest.Layer("layer", 2000)
	small = registrytest.Image{Layers: [][]byte{layer}}
)

// list is a Docker manifest list of two images.
func list() registrytest.Index {
	return registrytest.Index{Docker: true, Manifests: []registrytest.Builder{
		registrytest.Image{Docker: true, Layers: [][]byte{layer}},
		registrytest.Image{Docker: true, Layers: [][]byte{layer}, Platform: "linux/arm64/v8"},
	}}
}

// What is pushed is read byte for byte, whatever its format, by tag and by digest.
func TestReading(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		c := s.Client()
		for name, b := range map[string]registrytest.Builder{
			"oci": small, "docker": registrytest.Image{Docker: true, Layers: [][]byte{layer}}, "list": list(),
			"index":  registrytest.Index{Manifests: []registrytest.Builder{small, registrytest.Image{Platform: "linux/s390x"}}},
			"nested": registrytest.Index{Manifests: []registrytest.Builder{registrytest.Index{Manifests: []registrytest.Builder{small}}}},
		} {
			t.Run(name, func(t *testing.T) {
				want := s.Push("a/"+name, b, "v1", "latest")
				for _, ref := range []string{"v1", "latest", want.Digest} {
					sameManifest(t, c, "a/"+name, ref, want)
				}
				tags, err := c.Tags(t.Context(), "a/"+name)
				slices.Sort(tags)
				if err != nil || !slices.Equal(tags, []string{"latest", "v1"}) {
					t.Errorf("tags %q, %v", tags, err)
				}
			})
		}
	})
}

func sameManifest(t *testing.T, c *registry.Client, repo, ref string, want *registrytest.Content) {
	t.Helper()
	m, err := c.Manifest(t.Context(), repo, ref)
	if err != nil {
		t.Fatal(err)
	}
	if m.Digest != want.Digest || m.MediaType != want.MediaType || string(m.Body) != string(want.Body) {
		t.Errorf("%s: got %s %s, want %s %s", ref, m.MediaType, m.Digest, want.MediaType, want.Digest)
	}
	d, err := c.Head(t.Context(), repo, ref)
	if err != nil || d.Digest != want.Digest || d.MediaType != want.MediaType || d.Size != int64(len(want.Body)) {
		t.Errorf("%s: head says %+v, %v", ref, d, err)
	}
}

func TestNotFound(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		c := s.Client()
		s.Push("a/b", small, "v1")
		absent := registry.Digest([]byte("absent"))
		_, tag := c.Manifest(t.Context(), "a/b", "v2")
		_, head := c.Head(t.Context(), "a/b", "v2")
		_, digest := c.Manifest(t.Context(), "a/b", absent)
		_, blob := c.Blob(t.Context(), "a/b", absent, 1<<20)
		_, stat := c.StatBlob(t.Context(), "a/b", absent)
		_, tags := c.Tags(t.Context(), "a/none")
		for i, err := range []error{tag, head, digest, blob, stat, tags} {
			if !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%d: %v", i, err)
			}
		}
		if !errors.Is(tags, registry.ErrNoRepository) || errors.Is(tag, registry.ErrNoRepository) {
			t.Errorf("tags: %v; tag: %v", tags, tag)
		}
	})
}
