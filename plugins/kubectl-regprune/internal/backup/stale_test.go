package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
)

// TestServerRemembersWhatIsGone: a registry that has lost blobs and does not know takes
// a manifest all the same. That would be no success, so nothing is written.
func TestServerRemembersWhatIsGone(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		s.Push("app", image("kept", false), "1.0")
		old := s.Push("app", image("old", false), "old")
		b := write(t, s.Client(), going(map[string]*registrytest.Content{"old": old}), filepath.Join(t.TempDir(), "run"))
		client := s.Client()
		if err := client.DeleteManifest(t.Context(), "app", old.Digest); err != nil {
			t.Fatal(err)
		}
		if out, err := s.GarbageCollect(); err != nil {
			t.Fatal(out, err)
		}
		if _, err := client.StatBlob(t.Context(), "app", registry.Digest(old.Blobs[0])); err != nil {
			t.Fatalf("the server does not claim to have the config: %v", err)
		}
		client = s.Client(func(o *registry.Options) { o.Retry = registry.Retry{Times: 2, Wait: time.Millisecond} })
		for _, check := range []bool{true, false} {
			outcomes, err := backup.Restore(t.Context(), client, b, backup.RestoreOptions{Check: check})
			if !errors.Is(err, backup.ErrStale) || hint.Of(err) == "" {
				t.Errorf("error %v", err)
			}
			if o := status(outcomes, "", old.Digest); o.Status != backup.Failed {
				t.Errorf("manifest: %+v", o)
			}
			if _, err := client.Head(t.Context(), "app", old.Digest); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("it was written: %v", err)
			}
		}
	})
}

// TestBlobsThatCannotBeRead: what needs one is not put back, although the server claims
// to have it; everything else is.
func TestBlobsThatCannotBeRead(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		lost := s.Push("app", image("lost", false), "lost")
		good := s.Push("app", image("good", false), "good")
		index := s.Push("app", registrytest.Index{Manifests: []registrytest.Builder{image("lost", false), image("good", false)}}, "index")
		b := write(t, s.Client(), going(map[string]*registrytest.Content{"lost": lost, "good": good, "index": index}), filepath.Join(t.TempDir(), "run"))
		for _, m := range b.Index.Repos[0].Manifests {
			s.Delete("app", m.Digest)
		}
		layer := registry.Digest(lost.Blobs[1])
		if err := os.RemoveAll(filepath.Dir(s.BlobFile(layer))); err != nil {
			t.Fatal(err)
		}
		client := s.Client(func(o *registry.Options) { o.Retry.Wait = time.Millisecond })
		for _, check := range []bool{true, false} {
			outcomes, err := backup.Restore(t.Context(), client, b, backup.RestoreOptions{Check: check})
			if !errors.Is(err, backup.ErrStale) || !strings.Contains(hint.Of(err), "restart") {
				t.Errorf("error %v", err)
			}
			for _, o := range []backup.Outcome{
				status(outcomes, "", lost.Digest), status(outcomes, "lost", ""), status(outcomes, "", index.Digest), status(outcomes, "index", ""),
			} {
				if o.Status != backup.Failed || !errors.Is(o.Err, registry.ErrUnreadable) || !strings.Contains(o.Err.Error(), layer) {
					t.Errorf("check %v: %+v", check, o)
				}
			}
			can := map[bool]backup.Status{true: backup.Restorable, false: backup.Restored}[check]
			for _, o := range []backup.Outcome{status(outcomes, "", good.Digest), status(outcomes, "good", "")} {
				if o.Status != can {
					t.Errorf("check %v: %+v", check, o)
				}
			}
		}
		s.Restart()
		outcomes, err := backup.Restore(t.Context(), s.Client(), b, backup.RestoreOptions{})
		if o := status(outcomes, "lost", ""); err != nil || o.Status != backup.Impossible || !slices.Equal(o.Missing, []string{layer}) {
			t.Errorf("%+v, %v", o, err)
		}
		if err := os.WriteFile(mkdir(t, s.BlobFile(layer)), lost.Blobs[1][:9], 0o600); err != nil {
			t.Fatal(err)
		}
		s.Restart()
		outcomes, err = backup.Restore(t.Context(), s.Client(), b, backup.RestoreOptions{})
		if o := status(outcomes, "lost", ""); err != nil || o.Status != backup.Failed || !errors.Is(o.Err, registry.ErrSize) {
			t.Errorf("%+v, %v", o, err)
		}
	})
}

func mkdir(t *testing.T, file string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestServerRemembersManifests: of a manifest that it still believes to have, an old
// version does not write the text. That is no success, and heals with a restart.
func TestServerRemembersManifests(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		s.Push("app", image("kept", true), "1.0")
		old := s.Push("app", image("old", true), "old")
		b := write(t, s.Client(), going(map[string]*registrytest.Content{"old": old}), filepath.Join(t.TempDir(), "run"))
		s.Delete("app", old.Digest)
		if out, err := s.GarbageCollect(); err != nil {
			t.Fatal(out, err)
		}
		outcomes, err := backup.Restore(t.Context(), s.Client(), b, backup.RestoreOptions{})
		t.Logf("%s: %+v, %v", v, status(outcomes, "old", ""), err)
		if o := status(outcomes, "old", ""); (o.Status == backup.Restored) != (err == nil) || err != nil && (!errors.Is(err, backup.ErrStale) || hint.Of(err) == "") {
			t.Errorf("%+v, %v", o, err)
		}
		s.Restart()
		if outcomes, err = backup.Restore(t.Context(), s.Client(), b, backup.RestoreOptions{}); err != nil {
			t.Error(err)
		}
		if m, err := s.Client().Manifest(t.Context(), "app", "old"); err != nil || m.Digest != old.Digest {
			t.Errorf("%+v: %v", outcomes, err)
		}
	})
}
