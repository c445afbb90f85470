//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// errRefused is the answer of a registry that takes no pushes.
var errRefused = errors.New("pushes are refused")

// plain has connections of its own for each request: the pod behind them changes.
var plain = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}

// ask sends one request to the registry by its node port.
func (d *depot) ask(method, path string, body []byte, mediaType string) (int, http.Header, []byte, error) {
	if strings.HasPrefix(path, "/") {
		path = "http://" + d.port + path
	}
	req, err := http.NewRequest(method, path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	req.Header["Accept"] = registry.MediaTypes
	if d.password != "" {
		req.SetBasicAuth(registrytest.User, d.password)
	}
	resp, err := plain.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if resp.StatusCode == http.StatusMethodNotAllowed {
		err = errors.Join(err, errRefused)
	}
	return resp.StatusCode, resp.Header, answer, err
}

func (d *depot) want(code int, method, path string, body []byte, mediaType string) (http.Header, error) {
	got, header, answer, err := d.ask(method, path, body, mediaType)
	if err == nil && got != code {
		err = fmt.Errorf("%s %s: status %d, want %d: %s", method, path, got, code, answer)
	}
	return header, err
}

// tryPush pushes as any client does: children, blobs, the manifest, by digest if there
// is no tag.
func (d *depot) tryPush(repository string, b registrytest.Builder, tags ...string) error {
	c := b.Build()
	for _, child := range c.Children {
		if err := d.tryPush(repository, child); err != nil {
			return err
		}
	}
	for _, blob := range c.Blobs {
		digest := registry.Digest(blob)
		if code, _, _, err := d.ask(http.MethodHead, "/v2/"+repository+"/blobs/"+digest, nil, ""); err != nil || code == http.StatusOK {
			if err != nil {
				return err
			}
			continue
		}
		header, err := d.want(http.StatusAccepted, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", nil, "")
		if err != nil {
			return err
		}
		if _, err := d.want(http.StatusCreated, http.MethodPut, header.Get("Location")+"&digest="+digest, blob, "application/octet-stream"); err != nil {
			return err
		}
	}
	if len(tags) == 0 {
		tags = []string{c.Digest}
	}
	for _, tag := range tags {
		if _, err := d.want(http.StatusCreated, http.MethodPut, "/v2/"+repository+"/manifests/"+tag, c.Body, c.MediaType); err != nil {
			return err
		}
	}
	return nil
}

func (d *depot) push(t testing.TB, repository string, b registrytest.Builder, tags ...string) *registrytest.Content {
	t.Helper()
	c := b.Build()
	if err := d.tryPush(d.Name+"/"+repository, c, tags...); err != nil {
		t.Fatalf("pushing to %s: %v", repository, err)
	}
	return c
}

// pull reads an image as a client does, and compares every byte that it can.
func (d *depot) pull(repository, reference string, c *registrytest.Content) error {
	repository = d.Name + "/" + repository
	code, header, body, err := d.ask(http.MethodGet, "/v2/"+repository+"/manifests/"+reference, nil, "")
	if err != nil || code != http.StatusOK || !bytes.Equal(body, c.Body) || header.Get("Content-Type") != c.MediaType {
		return fmt.Errorf("%s:%s: status %d, %d bytes, %w", repository, reference, code, len(body), errors.Join(err))
	}
	for _, child := range c.Children {
		if err := d.pull(strings.TrimPrefix(repository, d.Name+"/"), child.Digest, child); err != nil {
			return err
		}
	}
	for _, blob := range c.Blobs {
		path := "/v2/" + repository + "/blobs/" + registry.Digest(blob)
		if code, _, body, err := d.ask(http.MethodGet, path, nil, ""); err != nil || code != http.StatusOK || !bytes.Equal(body, blob) {
			return fmt.Errorf("%s: status %d, %d bytes, %w", path, code, len(body), errors.Join(err))
		}
	}
	return nil
}

// listed are the tags of a repository.
func (d *depot) listed(t testing.TB, repository string) []string {
	t.Helper()
	var list struct{ Tags []string }
	_, _, body, err := d.ask(http.MethodGet, "/v2/"+d.Name+"/"+repository+"/tags/list", nil, "")
	if err == nil {
		err = json.Unmarshal(body, &list)
	}
	if err != nil {
		t.Fatalf("reading the tags of %s: %v: %s", repository, err, body)
	}
	return list.Tags
}

// tags are all of a repository, with the digests that they lead to.
func (d *depot) tags(t testing.TB, repository string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, tag := range d.listed(t, repository) {
		code, header, _, err := d.ask(http.MethodHead, "/v2/"+d.Name+"/"+repository+"/manifests/"+tag, nil, "")
		if err != nil || code != http.StatusOK {
			t.Fatalf("asking for %s:%s: status %d, %v", repository, tag, code, err)
		}
		all[tag] = header.Get("Docker-Content-Digest")
	}
	return all
}

// runnable is an image that a node can run: busybox, which sleeps. Its layer is in no
// other image, so that the node has to fetch it.
func runnable(t testing.TB, about string) *registrytest.Content {
	t.Helper()
	program, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatalf("reading a static program (Debian package busybox-static): %v", err)
	}
	var plain, packed bytes.Buffer
	w, z := tar.NewWriter(&plain), gzip.NewWriter(&packed)
	for name, content := range map[string][]byte{"bin/sleep": program, "about": []byte(about)} {
		err = errors.Join(err, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		_, failed := w.Write(content)
		err = errors.Join(err, failed)
	}
	err = errors.Join(err, w.Close())
	_, failed := z.Write(plain.Bytes())
	if err = errors.Join(err, failed, z.Close()); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "config": map[string]any{"Cmd": []string{"/bin/sleep", "100000"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{registry.Digest(plain.Bytes())}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return registrytest.Image{Layers: [][]byte{packed.Bytes()}, Config: config, ConfigType: "application/vnd.oci.image.config.v1+json"}.Build()
}

// image is a small one with a layer that all share and one of its own.
func image(about string) registrytest.Image {
	return registrytest.Image{Layers: [][]byte{registrytest.Layer("base", 200<<10), registrytest.Layer(about, 50<<10)}}
}
