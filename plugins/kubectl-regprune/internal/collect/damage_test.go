package collect_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk/disktest"
)

func list(t *testing.T, f *fleet) *disk.Listing {
	t.Helper()
	l, err := disk.List(t.Context(), disktest.Local{}, f.server().Root)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// dryRun is the server's own, without any of this package.
func dryRun(t *testing.T, f *fleet) (blobs []string, text string) {
	t.Helper()
	text, err := f.server().GarbageCollect("-d")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for line := range strings.Lines(text) {
		if d, ok := strings.CutPrefix(strings.TrimSpace(line), "blob eligible for deletion: "); ok {
			blobs = append(blobs, d)
		}
	}
	return blobs, text
}

// A file that the collection fails on is named before anything is restarted.
func TestDamagedFiles(t *testing.T) {
	for name, tc := range map[string]struct {
		damage  func(t *testing.T, tree string, digest string)
		text    string // of the hint
		only3   bool
		aDigest bool
	}{
		"truncated manifest": {func(t *testing.T, tree, digest string) {
			truncate(t, filepath.Join(tree, "blobs/sha256", digest[7:9], digest[7:], "data"), 50)
		}, "remove the folder", false, true},
		"empty link": {func(t *testing.T, tree, digest string) {
			truncate(t, filepath.Join(tree, "repositories/team/app/_manifests/revisions/sha256", digest[7:], "link"), 0)
		}, "is damaged", false, false},
		"empty layer link": {func(t *testing.T, tree, _ string) {
			links, err := filepath.Glob(filepath.Join(tree, "repositories/team/app/_layers/sha256/*/link"))
			if err != nil || len(links) == 0 {
				t.Fatal("no layer links", err)
			}
			truncate(t, links[0], 0)
		}, "layer link", true, false},
		"no layers": {func(t *testing.T, tree, _ string) {
			if err := os.RemoveAll(filepath.Join(tree, "repositories/team/app/_layers")); err != nil {
				t.Fatal(err)
			}
		}, "create the folder", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, v registrytest.Version) {
				f := newFleet(t, v)
				c := f.fill()
				before := f.object
				tc.damage(t, f.server().Root+"/docker/registry/v2", c.kept.Digest)
				f.server().Restart()
				if tc.only3 && v == registrytest.V2 {
					return // it does not look at layer links
				}
				_, err := collect.Run(t.Context(), f.options())
				damaged, ok := errors.AsType[*collect.DamagedError](err)
				if !ok || (damaged.Digest == c.kept.Digest) != tc.aDigest || !strings.Contains(hint.Of(err), tc.text) {
					t.Errorf("%v\nhint: %s", err, hint.Of(err))
				}
				if f.restarts > 0 {
					t.Errorf("%d restarts", f.restarts)
				}
				f.untouched(before)
			})
		})
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// Without a restart, servers claim to have what their collection has deleted, in
// memory: whoever pushes that again gets an image that cannot be pulled.
func TestStaleCache(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		f := newFleet(t, v)
		s := f.server()
		s.Push("team/app", image("base"), "1")
		gone := s.Push("team/app", image("garbage"), "2")
		layer := registry.Digest(gone.Blobs[1])
		s.Delete("team/app", gone.Digest)
		if out, err := s.GarbageCollect(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if _, err := os.Stat(s.BlobFile(layer)); err == nil {
			t.Fatal("the layer is still there")
		}
		if _, err := s.Do("HEAD", "/v2/team/app/blobs/"+layer, 200, nil); err != nil {
			t.Errorf("the server has noticed: %v", err)
		}
		// Through this package, the restart is part of the run.
		s.Push("team/app", image("more"), "3")
		s.Delete("team/app", s.Push("team/app", image("more garbage"), "4").Digest)
		r, err := collect.Run(t.Context(), f.options())
		if err != nil || r.Probed == 0 || len(r.Stale) > 0 {
			t.Errorf("%+v, %v", r, err)
		}
		if _, err := s.Do("HEAD", "/v2/team/app/blobs/"+layer, 404, nil); err != nil {
			t.Errorf("after a restart: %v", err)
		}
	})
}
