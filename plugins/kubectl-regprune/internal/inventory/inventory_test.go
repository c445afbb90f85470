package inventory

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

var made = time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)

func image(name string) registrytest.Image {
	return registrytest.Image{Layers: [][]byte{registrytest.Layer("base", 2000), registrytest.Layer(name, 500)}, Created: made}
}

// fill pushes one of everything.
func fill(s *registrytest.Server) (amd, arm, index, nested, signature *registrytest.Content) {
	a, b := image("amd"), image("arm")
	a.Platform, b.Platform = "linux/amd64", "linux/arm64/v8"
	b.Created = made.Add(time.Hour)
	amd, arm = a.Build(), b.Build()
	index = registrytest.Index{Manifests: []registrytest.Builder{amd, arm}, Docker: true}.Build()
	nested = registrytest.Index{Manifests: []registrytest.Builder{index, arm}}.Build()
	s.Push("team/app", index, "v1", "latest")
	s.Push("team/app", nested, "all")
	signature = registrytest.Signature(index)
	s.Push("team/app", signature, registrytest.AttachedTag(index, "sig"))
	single := image("one")
	single.Labels = map[string]string{ProtectKey: "true"}
	s.Push("team/app", single, "950")
	s.Push("other", image("one"), "1")
	return amd, arm, index, nested, signature
}

func read(t *testing.T, c Client, o Options) *graph.Registry {
	t.Helper()
	g, err := Read(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func always(*graph.Repository) bool { return true }

func TestEverythingIsFound(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		amd, arm, index, nested, signature := fill(s)
		g := read(t, s.Client(), Options{Dates: always})
		var names []string
		for _, r := range g.Repositories {
			names = append(names, r.Name)
		}
		if diff := cmp.Diff([]string{"other", "team/app"}, names); diff != "" {
			t.Fatal(diff)
		}
		r := g.Repository("team/app")
		if got := r.Tag("latest").Digest; got != index.Digest || r.Tag("v1").Digest != index.Digest {
			t.Errorf("latest is %s, want the list %s", got, index.Digest)
		}
		for name, c := range map[string]*registrytest.Content{"amd64": amd, "arm64": arm, "list": index, "nested": nested, "signature": signature} {
			if !slices.Contains(r.Linked, c.Digest) {
				t.Errorf("%s is not linked", name)
			}
			if m := g.Manifests[c.Digest]; m == nil || m.Size != int64(len(c.Body)) || m.MediaType != c.MediaType {
				t.Errorf("%s: %+v", name, m)
			}
		}
		if got := g.Manifests[nested.Digest].Children; !slices.Equal(got, []string{index.Digest, arm.Digest}) {
			t.Errorf("children of nested: %v", got)
		}
		if got := g.Manifests[arm.Digest].Platform; got != "linux/arm64/v8" {
			t.Errorf("platform %q", got)
		}
		if got := g.Manifests[nested.Digest].Created; !got.Equal(made.Add(time.Hour)) {
			t.Errorf("an index is as young as its youngest image, not %s", got)
		}
		if got := g.Manifests[r.Tag("950").Digest].Protect; got != "true" {
			t.Errorf("protection %q", got)
		}
		if r.Complete || g.Freed(nil).Exact {
			t.Error("nobody has listed untagged manifests, but they count as known")
		}
	})
}

// TestCache reads twice: the second time asks for no content, and finds the same.
func TestCache(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		fill(s)
		proxy := registrytest.Faulty(t, s)
		path := filepath.Join(t.TempDir(), "cache", "x.json.gz")
		var graphs [2]*graph.Registry
		for i := range graphs {
			proxy.Clear()
			cache, err := OpenCache(path)
			if err != nil {
				t.Fatal(err)
			}
			graphs[i] = read(t, proxy.Client(), Options{Dates: always, Cache: cache})
			if err := cache.Save(graphs[i]); err != nil {
				t.Fatal(err)
			}
		}
		if n := proxy.Count("GET", "/manifests/|/blobs/"); n > 0 {
			t.Errorf("the second reading has asked for %d manifests and configs:\n%s", n, strings.Join(proxy.Requests(), "\n"))
		}
		if diff := cmp.Diff(graphs[0], graphs[1]); diff != "" {
			t.Error(diff)
		}
	})
}

// TestRequests counts: one GET for each tag, one for each further manifest, one for
// each config.
func TestRequests(t *testing.T) {
	s := registrytest.Start(t, registrytest.V3, registrytest.Options{})
	fill(s)
	proxy := registrytest.Faulty(t, s)
	read(t, proxy.Client(), Options{Dates: always})
	const tags, children, configs = 6, 2, 5 // the list is known by its tags; the signature has a config, too
	if got := proxy.Count("GET", "/manifests/"); got != tags+children {
		t.Errorf("%d GETs of manifests, want %d:\n%s", got, tags+children, strings.Join(proxy.Requests(), "\n"))
	}
	if got := proxy.Count("GET", "/blobs/"); got != configs {
		t.Errorf("%d GETs of configs, want %d", got, configs)
	}
}

func TestGhostsAndDamage(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{NoCache: true})
		fill(s)
		ghost := s.Push("ghost", image("ghost"), "gone", "gone-too")
		s.Push("ghost", image("fine"), "fine")
		if err := os.Remove(s.BlobFile(ghost.Digest)); err != nil {
			t.Fatal(err)
		}
		cut := s.Push("cut", image("cut"), "1")
		if err := os.WriteFile(s.BlobFile(cut.Digest), cut.Body[:40], 0o600); err != nil {
			t.Fatal(err)
		}
		g := read(t, s.Client(), Options{})
		r := g.Repository("ghost")
		if r.Tag("gone").Digest != "" || r.Tag("gone-too").Digest != "" || r.Tag("fine").Digest == "" || r.Failed != "" {
			t.Errorf("ghosts: %+v", r)
		}
		if r := g.Repository("cut"); r.Failed == "" {
			t.Errorf("a truncated manifest: %+v", r)
		} else {
			t.Log(r.Failed)
		}
		if r := g.Repository("team/app"); r.Failed != "" || len(r.Linked) == 0 {
			t.Errorf("a sound repository beside a broken one: %+v", r)
		}
	})
}

func TestMissingChild(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		amd, _, index, _, _ := fill(s)
		if err := s.Client().DeleteManifest(t.Context(), "team/app", amd.Digest); err != nil {
			t.Fatal(err)
		}
		g := read(t, s.Client(), Options{})
		r := g.Repository("team/app")
		if slices.Contains(r.Linked, amd.Digest) || !slices.Contains(r.Linked, index.Digest) {
			t.Errorf("linked: %v", r.Linked)
		}
	})
}

func TestDeniedEndsTheReading(t *testing.T) {
	s := registrytest.Start(t, registrytest.V3, registrytest.Options{})
	fill(s)
	proxy := registrytest.Faulty(t, s, registrytest.Rule{
		Path: "/team/app/manifests/950", Times: -1, Do: registrytest.Status(403, `{"errors":[{"code":"DENIED","message":"no"}]}`),
	})
	if g, err := Read(t.Context(), proxy.Client(), Options{}); err == nil {
		t.Errorf("a manifest that may not be read: %+v", g.Repository("team/app"))
	}
}

// TestCatalog reads more repositories than a server names at once.
func TestCatalog(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		const many = 1050
		root := t.TempDir()
		if err := registrytest.Seed(root, registrytest.Spec{Repositories: many, Tags: 1, Image: func(int, int) registrytest.Builder { return image("same") }}); err != nil {
			t.Fatal(err)
		}
		s := registrytest.Start(t, v, registrytest.Options{Root: root})
		g := read(t, s.Client(), Options{})
		if len(g.Repositories) != many || len(g.Manifests) != 1 {
			t.Errorf("%d repositories, %d manifests", len(g.Repositories), len(g.Manifests))
		}
	})
}

func TestCacheThatIsBroken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	for _, text := range []string{"", "no gzip", "\x1f\x8b\x08\x00"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := OpenCache(path)
		if err != nil || c.Any() {
			t.Errorf("%q: %v, %v", text, c, err)
		}
	}
}

func TestProtectionByAnnotation(t *testing.T) {
	m := &registry.Manifest{Digest: "d", MediaType: registry.OCIManifest, Body: []byte("{}")}
	got := facts(m, &registry.Content{Annotations: map[string]string{ProtectKey: "2030-01-01", createdKey: "2025-01-02T03:04:05Z"}})
	if got.Protect != "2030-01-01" || !got.Created.Equal(time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("%+v", got)
	}
}
