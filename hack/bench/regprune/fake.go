package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// serve answers with h until the section ends.
func (b *bench) serve(h http.Handler) (url string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h} // on loopback, for seconds
	ended := make(chan struct{})
	go func() { _ = server.Serve(listener); close(ended) }() // ends with Close
	b.Cleanup(func() { server.Close(); <-ended })
	return "http://" + listener.Addr().String(), nil
}

// fakeRegistry answers the questions of a plan, about images that differ in their
// numbers only.
type fakeRegistry struct {
	repositories, tags int // tags of each
	shared, own        int // layers of an image
	configs            map[string][2]int32
}

func newFakeRegistry(repositories, tags, shared, own int) *fakeRegistry {
	f := &fakeRegistry{repositories: repositories, tags: tags, shared: shared, own: own, configs: map[string][2]int32{}}
	for repo := range repositories {
		for tag := range tags {
			f.configs[registry.Digest(f.config(repo, tag))] = [2]int32{int32(repo), int32(tag)} // small
		}
	}
	return f
}

func (f *fakeRegistry) config(repo, tag int) []byte {
	return fmt.Appendf(nil, `{"created":"2024-01-02T03:04:05Z","os":"linux","architecture":"amd64","config":{"Labels":{"build":"%d-%d"}}}`, repo, tag)
}

func (f *fakeRegistry) manifest(repo, tag int) []byte {
	var layers []string
	layer := func(name string) {
		layers = append(layers, fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":12345678}`, registry.Digest([]byte(name))))
	}
	for i := range f.shared {
		layer(fmt.Sprint("shared", i))
	}
	for i := range f.own {
		layer(fmt.Sprint(repo, ".", tag, ".", i))
	}
	config := f.config(repo, tag)
	return fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},"layers":[%s]}`,
		registry.OCIManifest, registry.Digest(config), len(config), strings.Join(layers, ","))
}

// ServeHTTP implements [http.Handler].
func (f *fakeRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	last := path[len(path)-1]
	repo, err := strconv.Atoi(path[0])
	switch {
	case r.Method == http.MethodDelete: // does not know how to delete a tag
		answer(w, http.StatusBadRequest, "application/json", []byte(`{"errors":[{"code":"DIGEST_INVALID"}]}`))
	case path[0] == "":
		answer(w, http.StatusOK, "application/json", []byte("{}"))
	case path[0] == "_catalog":
		answer(w, http.StatusOK, "application/json", list("repositories", f.repositories))
	case err != nil || len(path) < 3:
		answer(w, http.StatusNotFound, "application/json", []byte(`{"errors":[{"code":"NAME_UNKNOWN"}]}`))
	case path[1] == "tags":
		answer(w, http.StatusOK, "application/json", list("tags", f.tags))
	case path[1] == "blobs":
		of := f.configs[last]
		answer(w, http.StatusOK, "application/octet-stream", f.config(int(of[0]), int(of[1])))
	default:
		tag, _ := strconv.Atoi(last) // they are numbers
		body := f.manifest(repo, tag)
		w.Header().Set("Docker-Content-Digest", registry.Digest(body))
		answer(w, http.StatusOK, registry.OCIManifest, body)
	}
}

// list is the numbers below n, as an answer has them.
func list(name string, n int) []byte {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	text, err := json.Marshal(map[string][]string{name: names})
	if err != nil {
		return nil // cannot be: these are texts
	}
	return text
}

func answer(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}
