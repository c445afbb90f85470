package inventory

import (
	"slices"
	"strconv"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// TestBuildCache: BuildKit's registry cache is an index of layers.
func TestBuildCache(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		c := image("one").Build()
		s.Push("app", c, "v1")
		content, err := c.Parse()
		if err != nil {
			t.Fatal(err)
		}
		l, cfg := content.Layers[0], *content.Config
		body := []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[` +
			`{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"` + l.Digest + `","size":` + itoa(l.Size) + `},` +
			`{"mediaType":"application/vnd.buildkit.cacheconfig.v0","digest":"` + cfg.Digest + `","size":` + itoa(cfg.Size) + `}]}`)
		m := registry.Manifest{MediaType: registry.OCIIndex, Digest: registry.Digest(body), Body: body}
		if err := s.PushManifest("app", "buildcache", m); err != nil {
			t.Fatal(err)
		}
		g, err := Read(t.Context(), s.Client(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if f := g.Repository("app").Failed; f != "" {
			t.Errorf("failed: %s", f)
		}
		if m := g.Manifests[m.Digest]; m == nil || len(m.Layers) != 2 || len(m.Children) != 0 {
			t.Errorf("%+v", m)
		}
	})
}

// TestIndexOutsideOfTheSpecification: servers take indexes whose other fields make no
// sense. What they name is needed all the same.
func TestIndexOutsideOfTheSpecification(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		c := image("one").Build()
		s.Push("app", c)
		for name, extra := range map[string]string{"subject": `"subject":{"mediaType":"x","digest":"","size":0}`, "annotation": `"annotations":{"n":1}`, "type": `"artifactType":7`} {
			body := []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",` + extra + `,"manifests":[{"mediaType":"` + c.MediaType + `","digest":"` + c.Digest + `","size":` + itoa(int64(len(c.Body))) + `}]}`)
			if err := s.PushManifest("app", name, registry.Manifest{MediaType: registry.OCIIndex, Digest: registry.Digest(body), Body: body}); err != nil {
				continue // this server refuses it, and has none
			}
			g, err := Read(t.Context(), s.Client(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			r := g.Repository("app")
			m := g.Manifests[r.Tag(name).Digest]
			if r.Failed != "" || m == nil || !slices.Contains(m.Children, c.Digest) {
				t.Errorf("%s: failed %q, %+v; the image of the index is not known", name, r.Failed, m)
			}
		}
	})
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
