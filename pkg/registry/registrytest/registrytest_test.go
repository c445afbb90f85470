package registrytest_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	layer = registrytest.Layer("layer", 3000)
	image = registrytest.Image{Layers: [][]byte{layer, []byte("second")}, Created: time.Unix(1700000000, 0), Labels: map[string]string{"a": "b"}}
	index = registrytest.Index{Manifests: []registrytest.Builder{image, registrytest.Image{Platform: "linux/arm/v7"}}}
)

// tree is all files of a store with their content, but for what only servers write.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "/_uploads/") {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path) // path is below root
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// What is written to disk is what a server writes.
func TestWriteIsLikePush(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		root := registrytest.Folder(t)
		for _, u := range []registrytest.Upload{
			{Repository: "a/b", Builder: image, Tags: []string{"v1", "latest"}},
			{Repository: "a/b", Builder: index, Tags: []string{"multi"}},
			{Repository: "other", Builder: image},
		} {
			s.Push(u.Repository, u.Builder, u.Tags...)
			if err := registrytest.Write(root, u.Repository, u.Builder, u.Tags...); err != nil {
				t.Fatal(err)
			}
		}
		want, got := tree(t, s.Root), tree(t, root)
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if got[name] != want[name] {
				t.Errorf("%s: %q, want %q", name, got[name], want[name])
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d files, want %d", len(got), len(want))
		}
	})
}

func TestGarbageCollection(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		gone := s.Push("a/b", image, "v1")
		kept := s.Push("a/b", registrytest.Image{Layers: [][]byte{layer}}, "v2")
		if err := s.Client().DeleteManifest(t.Context(), "a/b", gone.Digest); err != nil {
			t.Fatal(err)
		}
		before := s.BlobFiles()
		out, err := s.GarbageCollect("-d")
		if err != nil || !strings.Contains(out, "blob eligible for deletion: "+gone.Digest) || strings.Contains(out, "deletion: "+kept.Digest) {
			t.Errorf("%v\n%s", err, out)
		}
		if !maps.Equal(s.BlobFiles(), before) {
			t.Error("a dry run deletes")
		}
		if _, err := s.GarbageCollect(); err != nil {
			t.Fatal(err)
		}
		want := map[string]int64{
			kept.Digest: int64(len(kept.Body)), registry.Digest(kept.Blobs[0]): int64(len(kept.Blobs[0])), registry.Digest(layer): int64(len(layer)),
		}
		if got := s.BlobFiles(); !maps.Equal(got, want) {
			t.Errorf("left %v, want %v", got, want)
		}
		// What is gone can be pushed again; the server may believe that it has it still.
		s.Restart()
		s.Push("a/b", image, "v1")
		if _, err := s.Client().Manifest(t.Context(), "a/b", "v1"); err != nil {
			t.Error(err)
		}
	})
}

func TestSeed(t *testing.T) {
	root := registrytest.Folder(t)
	if err := registrytest.Seed(root, registrytest.Spec{Repositories: 3, Tags: 10, Images: 4}); err != nil {
		t.Fatal(err)
	}
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{Root: root})
		c := s.Client()
		tags, err := c.Tags(t.Context(), "seed/00002")
		if err != nil || len(tags) != 10 {
			t.Fatalf("tags %q, %v", tags, err)
		}
		digests := map[string]bool{}
		for _, tag := range tags {
			m, err := c.Manifest(t.Context(), "seed/00002", tag)
			if err != nil {
				t.Fatal(err)
			}
			digests[m.Digest] = true
			content, err := m.Parse()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range append(content.Layers, *content.Config) {
				if _, err := c.Blob(t.Context(), "seed/00002", d.Digest, d.Size); err != nil {
					t.Error(err)
				}
			}
		}
		if len(digests) != 4 {
			t.Errorf("%d images", len(digests))
		}
	})
}

func TestAttached(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		c := s.Push("a/b", image, "v1")
		sbom := registrytest.Referrer(c, "application/spdx+json")
		s.Push("a/b", registrytest.Signature(c), registrytest.AttachedTag(c, "sig"))
		s.Push("a/b", registrytest.Referrers(sbom), registrytest.AttachedTag(c, ""))
		m, err := s.Client().Manifest(t.Context(), "a/b", sbom.Digest)
		if err != nil {
			t.Fatal(err)
		}
		content, err := m.Parse()
		if err != nil || content.Subject == nil || content.Subject.Digest != c.Digest || content.ArtifactType != "application/spdx+json" {
			t.Errorf("got %+v, %v", content, err)
		}
	})
}

// A server keeps address and content over stops, and takes changes of its options.
func TestRestart(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		want := s.Push("a/b", image, "v1")
		address := s.URL
		s.Kill()
		if err := s.TryPush("a/b", index, "v2"); err == nil {
			t.Error("a dead server takes content")
		}
		s.Start()
		s.Restart(func(o *registrytest.Options) { o.NoDelete = true })
		if m, err := s.Client().Manifest(t.Context(), "a/b", "v1"); err != nil || m.Digest != want.Digest || s.URL != address {
			t.Errorf("got %v, %v at %s", m, err, s.URL)
		}
		if err := s.Client().DeleteManifest(t.Context(), "a/b", want.Digest); !errors.Is(err, registry.ErrUnsupported) {
			t.Errorf("got %v", err)
		}
		s.Restart(func(o *registrytest.Options) { o.Env = []string{"REGISTRY_STORAGE_DELETE_ENABLED=true"} })
		if err := s.Client().DeleteManifest(t.Context(), "a/b", want.Digest); err != nil {
			t.Errorf("the environment does not count: %v", err)
		}
		s.Stop()
		s.SetExtra("nonsense: [\n")
		if err := s.TryStart(); err == nil || !strings.Contains(err.Error(), "configuration error") {
			t.Errorf("a broken configuration is accepted: %v", err)
		}
	})
}

// What a server refuses is an error that has its words of this start only, and a
// context that ends leaves it stopped.
func TestTryRestart(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		env := func(list ...string) func(*registrytest.Options) {
			return func(o *registrytest.Options) { o.Env = list }
		}
		s := registrytest.Start(t, v, registrytest.Options{NoMaintenance: true})
		program, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(s.PID()), "exe"))
		if err != nil || program != registrytest.Program(t, v) {
			t.Errorf("the process is of %q, %v", program, err)
		}
		const variable = "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true" // a panic without the section
		if err := s.TryRestart(t.Context(), env(variable)); err == nil || !strings.Contains(err.Error(), "panic") || s.PID() != 0 {
			t.Errorf("the section is there: %v, process %d", err, s.PID())
		}
		if list := s.Environ(); list[len(list)-1] != variable {
			t.Errorf("the environment is %q", list)
		}
		if err := s.TryRestart(t.Context(), env("REGISTRY_STORAGE=nonsense")); err == nil || strings.Contains(err.Error(), "READONLY_ENABLED") {
			t.Errorf("an unknown driver: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.TryRestart(ctx, env()); !errors.Is(err, context.Canceled) || s.PID() != 0 {
			t.Errorf("%v, process %d", err, s.PID())
		}
		s.Start()
		if s.PID() == 0 {
			t.Error("it does not run")
		}
	})
}

// A blob that garbage collection takes after [registrytest.Server.Delete] is pushed
// again, and a server that was not started here can be filled as well.
func TestDeleteAndPushAgain(t *testing.T) {
	local := registrytest.Start(t, registrytest.V2, registrytest.Options{NoCache: true})
	for _, s := range []*registrytest.Server{local, registrytest.At(t, local.URL)} {
		c := s.Push("a/b", image, "v1")
		s.Delete("a/b", c.Digest)
		if _, err := s.Client().Manifest(t.Context(), "a/b", "v1"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("after deletion: %v", err)
		}
		if err := os.RemoveAll(local.Folder("blobs")); err != nil {
			t.Fatal(err)
		}
		s.Push("a/b", image, "v2")
		if n := len(local.BlobFiles()); n != 1+len(c.Blobs) || s.Addr != local.Addr {
			t.Errorf("%d blobs at %s", n, s.Addr)
		}
	}
}

// Pushing several at once loses none.
func TestPushAll(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	p := registrytest.Faulty(t, s)
	var all []registrytest.Upload
	for i := range 100 {
		all = append(all, registrytest.Upload{Repository: "a/b", Builder: registrytest.SeedImage(0, i), Tags: []string{"t" + string(rune('a'+i%26)) + string(rune('a'+i/26))}})
	}
	start := time.Now()
	s.PushAll(all...)
	t.Logf("%.0f images/s", 100/time.Since(start).Seconds())
	tags, err := p.Client().Tags(t.Context(), "a/b")
	if err != nil || len(tags) != 100 || p.Count("GET", "tags/list") != 1 {
		t.Errorf("%d tags, %v", len(tags), err)
	}
}
