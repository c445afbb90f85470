package backup_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
)

// TestAfterGarbageCollection says of each image exactly which blobs are gone, and puts
// back what can be.
func TestAfterGarbageCollection(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		// All share a layer and a config with one that stays, but for some.
		s.Push("app", image("kept", true), "1.0")
		whole := s.Push("app", image("whole", true), "whole")
		lost := s.Push("app", image("lost", false), "lost")
		index := s.Push("app", registrytest.Index{Manifests: []registrytest.Builder{image("child", true), image("lost child", false)}}, "index")
		good := s.Push("app", registrytest.Index{Manifests: []registrytest.Builder{image("child", true)}}, "good")
		p := going(map[string]*registrytest.Content{"whole": whole, "lost": lost, "index": index, "good": good}, append(index.Children, good.Children...)...)
		b := write(t, s.Client(), p, filepath.Join(t.TempDir(), "run"))
		client := s.Client()
		for _, m := range b.Index.Repos[0].Manifests {
			if err := client.DeleteManifest(t.Context(), "app", m.Digest); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := s.GarbageCollect(); err != nil {
			t.Fatal(out, err)
		}
		s.Restart() // it remembers blobs that are gone

		gone := func(c *registrytest.Content) (list []string) {
			for _, blob := range c.Blobs {
				if _, err := os.Stat(s.BlobFile(registry.Digest(blob))); err != nil {
					list = append(list, registry.Digest(blob))
				}
			}
			slices.Sort(list)
			return list
		}
		if len(gone(lost)) != 2 || len(gone(whole)) != 0 || len(gone(index.Children[1])) != 2 {
			t.Fatalf("gone: %v, %v, %v", gone(lost), gone(whole), gone(index.Children[1]))
		}
		for _, check := range []bool{true, false} {
			outcomes, err := backup.Restore(t.Context(), client, b, backup.RestoreOptions{Check: check})
			if err != nil {
				t.Fatal(err)
			}
			can := map[bool]backup.Status{true: backup.Restorable, false: backup.Restored}[check]
			for _, want := range []backup.Outcome{
				{Tag: "whole", Digest: whole.Digest, Status: can},
				{Tag: "good", Digest: good.Digest, Status: can},
				{Digest: index.Children[0].Digest, Status: can},
				{Tag: "lost", Digest: lost.Digest, Status: backup.Impossible, Missing: gone(lost)},
				{Digest: lost.Digest, Status: backup.Impossible, Missing: gone(lost)},
				{Tag: "index", Digest: index.Digest, Status: backup.Impossible, Missing: gone(index.Children[1])},
				{Digest: index.Digest, Status: backup.Impossible, Missing: gone(index.Children[1])},
			} {
				want.Repo = "app"
				got := status(outcomes, want.Tag, want.Digest)
				got.Err = nil
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("check %v (-want +got):\n%s", check, diff)
				}
			}
		}
		for tag, c := range map[string]*registrytest.Content{"whole": whole, "good": good} {
			if d, err := client.Head(t.Context(), "app", tag); err != nil || d.Digest != c.Digest {
				t.Errorf("tag %s: %+v, %v", tag, d, err)
			}
		}
		for _, tag := range []string{"lost", "index"} {
			if _, err := client.Head(t.Context(), "app", tag); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("tag %s: %v", tag, err)
			}
		}
	})
}

func TestRestoreLooksFirst(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	old := s.Push("app", image("old", false), "a", "b")
	p := going(map[string]*registrytest.Content{"a": old, "b": old})
	b := write(t, s.Client(), p, filepath.Join(t.TempDir(), "run"))
	client := s.Client()
	if err := client.DeleteManifest(t.Context(), "app", old.Digest); err != nil {
		t.Fatal(err)
	}
	fresh := s.Push("app", image("fresh", false), "a")
	restore := func(o backup.RestoreOptions) []backup.Outcome {
		t.Helper()
		outcomes, err := backup.Restore(t.Context(), client, b, o)
		if err != nil {
			t.Fatal(err)
		}
		return outcomes
	}
	if none := restore(backup.RestoreOptions{Repos: func(name string) bool { return name != "app" }}); len(none) != 0 {
		t.Errorf("outcomes %+v", none)
	}
	o := restore(backup.RestoreOptions{})
	if a, b := status(o, "a", ""), status(o, "b", ""); a.Status != backup.Moved || a.Now != fresh.Digest || b.Status != backup.Restored {
		t.Errorf("outcomes %+v", o)
	}
	if d, err := client.Head(t.Context(), "app", "a"); err != nil || d.Digest != fresh.Digest {
		t.Errorf("the tag was moved: %+v, %v", d, err)
	}
	if a := status(restore(backup.RestoreOptions{Force: true}), "a", ""); a.Status != backup.Restored {
		t.Errorf("forced: %+v", a)
	}
	if d, err := client.Head(t.Context(), "app", "a"); err != nil || d.Digest != old.Digest {
		t.Errorf("the tag was not moved: %+v, %v", d, err)
	}
	if err := client.DeleteManifest(t.Context(), "app", old.Digest); err != nil {
		t.Fatal(err)
	}
	s.SetReadOnly(true)
	if _, err := backup.Restore(t.Context(), client, b, backup.RestoreOptions{}); !errors.Is(err, registry.ErrUnsupported) {
		t.Errorf("read-only: %v", err)
	}
}

// TestMovedWhileTheServerIsBusy: what is pushed while a restore waits is not overwritten.
func TestMovedWhileTheServerIsBusy(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	old := s.Push("app", image("old", false), "a")
	b := write(t, s.Client(), going(map[string]*registrytest.Content{"a": old}), filepath.Join(t.TempDir(), "run"))
	s.Delete("app", old.Digest)
	fresh := image("fresh", false).Build()
	proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "PUT", Path: "manifests/a", Do: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		s.Push("app", fresh, "a")
		w.WriteHeader(http.StatusTooManyRequests)
	}})
	outcomes, err := backup.Restore(t.Context(), proxy.Client(), b, backup.RestoreOptions{})
	if a := status(outcomes, "a", ""); err != nil || a.Status != backup.Moved || a.Now != fresh.Digest {
		t.Errorf("%+v, %v", outcomes, err)
	}
	if d, err := s.Client().Head(t.Context(), "app", "a"); err != nil || d.Digest != fresh.Digest {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestRestoreEndsTheRun: with its first push, and not before, as nothing is back then. A
// list of runs says so.
func TestRestoreEndsTheRun(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	old := s.Push("app", image("old", false), "a")
	dir := t.TempDir()
	b := write(t, s.Client(), going(map[string]*registrytest.Content{"a": old}), filepath.Join(dir, backup.NewName(time.Now())))
	state := func(want backup.State) {
		t.Helper()
		if runs, err := backup.List(dir); err != nil || len(runs) != 1 || runs[0].State != want {
			t.Errorf("want %s: %+v, %v", want, runs, err)
		}
	}
	refuse := func(method string) registrytest.Rule {
		return registrytest.Rule{Method: method, Path: "manifests/", Times: -1, Do: registrytest.Status(401, "")}
	}
	look := registrytest.Rule{Method: "PUT", Path: "manifests/", Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		state(backup.PutBack) // before the server has seen it
		next.ServeHTTP(w, r)
	}}
	for _, tc := range []struct {
		name    string
		gone    bool
		rule    registrytest.Rule
		options backup.RestoreOptions
		want    backup.State
		err     error
	}{
		{"a check", true, look, backup.RestoreOptions{Check: true}, backup.Waiting, nil},
		{"no question is answered", true, refuse("HEAD"), backup.RestoreOptions{}, backup.Waiting, registry.ErrUnauthorized},
		{"all is there", false, look, backup.RestoreOptions{}, backup.Waiting, nil},
		{"all is put back", true, look, backup.RestoreOptions{}, backup.PutBack, nil},
		{"once more", true, look, backup.RestoreOptions{}, backup.PutBack, nil},
	} {
		if s.Push("app", old, "a"); tc.gone {
			s.Delete("app", old.Digest)
		}
		proxy := registrytest.Faulty(t, s, tc.rule)
		if _, err := backup.Restore(t.Context(), proxy.Client(), b, tc.options); !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", tc.name, err)
		}
		state(tc.want)
	}
	journal, lines, err := b.OpenJournal()
	if err != nil || len(lines) != 1 || !backup.WasRestored(lines) {
		t.Errorf("journal %+v, %v", lines, err)
	}
	if _, err := backup.Restore(t.Context(), s.Client(), b, backup.RestoreOptions{}); err == nil {
		t.Error("a run that is going on is put back")
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
}
