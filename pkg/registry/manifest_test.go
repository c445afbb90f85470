package registry_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// Docker's format of before 2016 is signed on the way out, so that its digest is that
// of a part of what is sent.
func TestSchema1(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{Schema1: true})
	payload := `{
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
}`
	c := registrytest.Content{Blobs: [][]byte{layer}, Manifest: registry.Manifest{Digest: registry.Digest([]byte(payload)), Body: []byte(payload)}}
	if err := registrytest.Write(s.Root, "a/b", &c, "old"); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"old", c.Digest} {
		m, err := s.Client(quick).Manifest(t.Context(), "a/b", ref)
		if err != nil {
			t.Fatal(err)
		}
		if m.MediaType != registry.DockerSigned1 || m.Digest != c.Digest {
			t.Errorf("got %s %s", m.MediaType, m.Digest)
		}
		if sum, err := m.DigestLike(c.Digest); err != nil || sum != c.Digest {
			t.Errorf("its digest is %q, %v", sum, err)
		}
		if sum, err := (&registry.Manifest{MediaType: registry.DockerSigned1, Body: []byte(payload)}).DigestLike(c.Digest); err == nil {
			t.Errorf("without a signature, its digest is %q", sum)
		}
		content, err := m.Parse()
		if err != nil || content.Kind != registry.Schema1 || len(content.Layers) != 1 {
			t.Errorf("got %+v, %v", content, err)
		}
		var doc map[string]json.RawMessage
		if err := json.Unmarshal(m.Body, &doc); err != nil || doc["signatures"] == nil {
			t.Errorf("it was not signed, so this shows nothing: %v", err)
		}
	}
}

func TestOtherAlgorithms(t *testing.T) {
	s := registrytest.Start(t, registrytest.V3, registrytest.Options{})
	c := small.Build()
	body := append([]byte(nil), c.Body...)
	s.Push("a/b", small)
	sum := registry.DigestLike("sha512:", body)
	m := registry.Manifest{MediaType: c.MediaType, Digest: sum, Body: body}
	p := registrytest.Faulty(t, s, registrytest.Rule{Times: -1, Path: sum, Do: registrytest.Status(200, string(body),
		"Content-Type", c.MediaType, "Docker-Content-Digest", c.Digest)})
	got, err := p.Client(quick).Manifest(t.Context(), "a/b", sum)
	if err != nil || got.Digest != m.Digest {
		t.Errorf("got %+v, %v", got, err)
	}
}

// FuzzParse: no manifest, however broken, is more than an error, and what is accepted
// names only digests.
func FuzzParse(f *testing.F) {
	for _, b := range []registrytest.Builder{small, list(), registrytest.Index{Manifests: []registrytest.Builder{small}}} {
		c := b.Build()
		f.Add(c.MediaType, c.Body)
	}
	f.Add(registry.DockerSchema1, []byte(`{"fsLayers":[{"blobSum":"sha256:00"}]}`))
	f.Add(registry.OCIManifest, []byte(`{"config":null,"layers":[null]}`))
	f.Fuzz(func(t *testing.T, mediaType string, body []byte) {
		m := registry.Manifest{MediaType: mediaType, Digest: registry.Digest(body), Body: body}
		c, err := m.Parse()
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
		if err != nil {
			return
		}
		for _, d := range append(c.Layers, c.Manifests...) {
			if !registry.ValidDigest(d.Digest) {
				t.Errorf("accepted %q", d.Digest)
			}
		}
		if (c.Kind == registry.Image) != (c.Config != nil) {
			t.Errorf("%s with config %v", c.Kind, c.Config)
		}
	})
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "a/b": true, "a.b/c_d/e__f/g---h/1": true, strings.Repeat("a", 255): true,
		"": false, "/a": false, "a/": false, "a//b": false, "A": false, "a..b": false, "a___b": false, "a._b": false,
		"-a": false, "a-": false, "a:b": false, "a b": false, "ä": false, "..": false, strings.Repeat("a", 256): false,
	} {
		if got := registry.ValidRepository(name); got != want {
			t.Errorf("repository %q: %t", name, got)
		}
	}
	for tag, want := range map[string]bool{
		"a": true, "_a": true, "1.0-rc.1": true, "LATEST": true, strings.Repeat("a", 128): true,
		"": false, ".a": false, "-a": false, "a/b": false, "a:b": false, "a b": false, "a\n": false, strings.Repeat("a", 129): false,
	} {
		if got := registry.ValidTag(tag); got != want {
			t.Errorf("tag %q: %t", tag, got)
		}
	}
}

func TestDockerCredentials(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	config := `{"auths":{"registry.example:5000":{"auth":"` + "dGVzdGVyOmEtcGFzc3dvcmQtb2YtdGhlLXRlc3Rz" + `"},"other.example":{"identitytoken":"t"}}}`
	if err := os.WriteFile(dir+"/config.json", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ask, err := registry.DockerCredentials()
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]registry.Credential{
		"registry.example:5000": {Username: registrytest.User, Password: registrytest.Password},
		"other.example":         {IdentityToken: "t"},
		"unknown.example":       {},
	} {
		if got, err := ask(t.Context(), host); got != want || err != nil {
			t.Errorf("%s: got %q, %v", host, got.Username, err)
		}
	}
	if err := os.WriteFile(dir+"/config.json", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.DockerCredentials(); err == nil {
		t.Error("a broken configuration is no error")
	}
}
