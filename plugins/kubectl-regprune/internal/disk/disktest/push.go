package disktest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Do sends one request and returns the status, the headers and the body.
func (s *Server) Do(t testing.TB, method, path, mediaType string, body []byte) (int, http.Header, []byte) {
	t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = s.URL + path
	}
	req, err := http.NewRequestWithContext(t.Context(), method, path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	for _, m := range registry.MediaTypes {
		req.Header.Add("Accept", m)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, res.Header, answer
}

func (s *Server) must(t testing.TB, want int, method, path, mediaType string, body []byte) http.Header {
	t.Helper()
	code, header, answer := s.Do(t, method, path, mediaType, body)
	if code != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, code, want, answer)
	}
	return header
}

// Blob pushes content.
func (s *Server) Blob(t testing.TB, repository, content string) registry.Descriptor {
	t.Helper()
	location := s.must(t, http.StatusAccepted, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", "", nil).Get("Location")
	digest := registry.Digest([]byte(content))
	separator := "?"
	if strings.Contains(location, "?") {
		separator = "&"
	}
	s.must(t, http.StatusCreated, http.MethodPut, location+separator+"digest="+digest, "application/octet-stream", []byte(content))
	return registry.Descriptor{MediaType: "application/vnd.oci.image.layer.v1.tar", Digest: digest, Size: int64(len(content))}
}

// Manifest pushes a manifest as a tag, or by its digest where reference is "".
func (s *Server) Manifest(t testing.TB, repository, reference, mediaType string, content map[string]any) registry.Descriptor {
	t.Helper()
	content["schemaVersion"], content["mediaType"] = 2, mediaType
	body, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	digest := registry.Digest(body)
	if reference == "" {
		reference = digest
	}
	s.must(t, http.StatusCreated, http.MethodPut, "/v2/"+repository+"/manifests/"+reference, mediaType, body)
	return registry.Descriptor{MediaType: mediaType, Digest: digest, Size: int64(len(body))}
}

// Image pushes an image of layers; what it is named by is its config, too.
func (s *Server) Image(t testing.TB, repository, tag string, layers ...string) registry.Descriptor {
	t.Helper()
	config := s.Blob(t, repository, `{"architecture":"amd64","os":"linux","author":"`+tag+strings.Join(layers, "+")+`"}`)
	config.MediaType = "application/vnd.oci.image.config.v1+json"
	var list []registry.Descriptor
	for _, layer := range layers {
		list = append(list, s.Blob(t, repository, strings.Repeat(layer, 100)))
	}
	return s.Manifest(t, repository, tag, registry.OCIManifest, map[string]any{"config": config, "layers": list})
}

// Index pushes an index.
func (s *Server) Index(t testing.TB, repository, tag string, manifests ...registry.Descriptor) registry.Descriptor {
	t.Helper()
	return s.Manifest(t, repository, tag, registry.OCIIndex, map[string]any{"manifests": manifests})
}

// Delete removes a manifest.
func (s *Server) Delete(t testing.TB, repository, digest string) {
	t.Helper()
	s.must(t, http.StatusAccepted, http.MethodDelete, "/v2/"+repository+"/manifests/"+digest, "", nil)
}
