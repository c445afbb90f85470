package registry_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func containsSecret(err error) bool { return strings.Contains(err.Error(), "secret") }

func TestBlobs(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		ctx := t.Context()
		created := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
		s.Push("a/b", registrytest.Image{Created: created, Layers: [][]byte{layer}}, "v1")
		c := s.Client(quick)
		m, err := c.Manifest(ctx, "a/b", "v1")
		if err != nil {
			t.Fatal(err)
		}
		content, err := m.Parse()
		if err != nil {
			t.Fatal(err)
		}
		config, err := c.Blob(ctx, "a/b", content.Config.Digest, content.Config.Size)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Created time.Time }
		if err := json.Unmarshal(config, &doc); err != nil || !doc.Created.Equal(created) {
			t.Errorf("created %s, %v", doc.Created, err)
		}
		if size, err := c.StatBlob(ctx, "a/b", content.Layers[0].Digest); size != int64(len(layer)) || err != nil {
			t.Errorf("size %d, %v", size, err)
		}
		_, err = c.Blob(ctx, "a/b", content.Config.Digest, content.Config.Size-1)
		wants(t, err, nil, "longer than", "")

		file := s.BlobFile(content.Config.Digest)
		if err := os.WriteFile(file, bytes.Replace(config, []byte("linux"), []byte("Linux"), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = c.Blob(ctx, "a/b", content.Config.Digest, 1<<20)
		wants(t, err, registry.ErrContent, "reading blob", "")
	})
}

// A manifest that is damaged on the server's disk is told from one that is not there.
func TestDamagedManifest(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		want := s.Push("a/b", small, "v1")
		if err := os.WriteFile(s.BlobFile(want.Digest), want.Body[:len(want.Body)-10], 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.Client(quick).Manifest(t.Context(), "a/b", "v1")
		if err == nil {
			t.Fatal("was read")
		}
		t.Logf("%s says: %v", v, err)
		if !strings.Contains(err.Error(), "500") {
			wants(t, err, registry.ErrContent, "", "")
		}
	})
}
