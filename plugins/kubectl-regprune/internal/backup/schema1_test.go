package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// TestSignedSchema1: the digest of what Docker pushed before 2016 is not that of the bytes
// which the server sends, and it comes back under its digest all the same.
func TestSignedSchema1(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{Schema1: true, NoCache: true})
	layer := registrytest.Layer("old", 100)
	payload := []byte(`{
   "schemaVersion": 1,
   "name": "a/b",
   "tag": "old",
   "architecture": "amd64",
   "fsLayers": [
      {
         "blobSum": "` + registry.Digest(layer) + `"
      }
   ],
   "history": [
      {
         "v1Compatibility": "{}"
      }
   ]
}`)
	old := &registrytest.Content{Blobs: [][]byte{layer}, Manifest: registry.Manifest{Digest: registry.Digest(payload), Body: payload}}
	if err := registrytest.Write(s.Root, "a/b", old, "old"); err != nil {
		t.Fatal(err)
	}
	p := &plan.Plan{APIVersion: plan.APIVersion, Kind: plan.Kind, Repos: []plan.Repository{{
		Name: "a/b", Tags: []plan.Tag{{Name: "old", Digest: old.Digest, Action: plan.Delete}}, Manifests: []plan.Manifest{{Digest: old.Digest, Action: plan.Delete, Order: 1}},
	}}}
	c := s.Client()
	b := write(t, c, p, filepath.Join(t.TempDir(), "run"))
	if b.Index.Repos[0].Manifests[0].MediaType != registry.DockerSigned1 {
		t.Fatalf("it was not signed, so this shows nothing: %+v", b.Index.Repos[0].Manifests)
	}
	if err := c.DeleteManifest(t.Context(), "a/b", old.Digest); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Manifest(t.Context(), "a/b", "old"); !errors.Is(err, registry.ErrNotFound) {
		t.Fatalf("it is still there: %v", err)
	}
	b, err := backup.Open(b.Dir)
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := backup.Restore(t.Context(), c, b, backup.RestoreOptions{})
	if err != nil {
		t.Errorf("%v: %+v", err, outcomes)
	}
	if m, err := c.Manifest(t.Context(), "a/b", "old"); err != nil || m.Digest != old.Digest {
		t.Errorf("after the restore: %v", err)
	}
	file := filepath.Join(b.Dir, "manifests/sha256", strings.TrimPrefix(old.Digest, "sha256:"))
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range []string{strings.Replace(string(body), "amd64", "arm64", 1), "{}"} {
		if err := os.WriteFile(file, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Manifest(b.Index.Repos[0].Manifests[0]); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("a damaged file: %v", err)
		}
	}
}
