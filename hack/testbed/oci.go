package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// rootfs collects the files of an image. The first mistake is kept and
// reported by the end, so that building one reads as a list.
type rootfs struct {
	entries map[string]tar.Header
	content map[string][]byte
	err     error
}

func newRootfs() *rootfs {
	r := &rootfs{entries: map[string]tar.Header{}, content: map[string][]byte{}}
	r.dir("tmp", 0o1777)
	r.dir("root", 0o700)
	r.file("etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\nredis:x:999:999::/data:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n"))
	r.file("etc/group", 0o644, []byte("root:x:0:\nredis:x:999:\nnogroup:x:65534:\n"))
	return r
}

func (r *rootfs) parents(name string) {
	for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
		if _, ok := r.entries[dir]; !ok {
			r.entries[dir] = tar.Header{Typeflag: tar.TypeDir, Mode: 0o755}
		}
	}
}

func (r *rootfs) dir(name string, mode int64) {
	r.parents(name)
	r.entries[name] = tar.Header{Typeflag: tar.TypeDir, Mode: mode}
}

func (r *rootfs) link(name, target string) {
	r.parents(name)
	r.entries[name] = tar.Header{Typeflag: tar.TypeSymlink, Mode: 0o777, Linkname: target}
}

func (r *rootfs) file(name string, mode int64, content []byte) {
	r.parents(name)
	r.entries[name] = tar.Header{Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(content))}
	r.content[name] = content
}

// copy takes a file of this machine, following symbolic links.
func (r *rootfs) copy(from, name string) {
	data, err := os.ReadFile(from)
	if err != nil {
		r.fail(err)
		return
	}
	r.file(name, 0o755, data)
}

func (r *rootfs) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// layer is the tar of all files; the same files always give the same bytes.
func (r *rootfs) layer() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	names := make([]string, 0, len(r.entries))
	for name := range r.entries {
		names = append(names, name)
	}
	slices.Sort(names) // a folder sorts before what it holds
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range names {
		header := r.entries[name]
		header.Name, header.ModTime = name, time.Unix(0, 0)
		if header.Typeflag == tar.TypeDir {
			header.Name += "/"
		}
		if err := w.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := w.Write(r.content[name]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return buf.Bytes(), err
}

// imageConfig is the part of an image's configuration that we set.
type imageConfig struct {
	Env          []string            `json:"Env,omitempty"`
	Entrypoint   []string            `json:"Entrypoint,omitempty"`
	Cmd          []string            `json:"Cmd,omitempty"`
	WorkingDir   string              `json:"WorkingDir,omitempty"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// layout is an OCI image layout in the making: what "ctr images import" reads.
type layout struct {
	files  rootfs
	digest string // of the manifest
}

func (l *layout) blob(mediaType string, data []byte) descriptor {
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	l.files.file("blobs/sha256/"+hash, 0o644, data)
	return descriptor{MediaType: mediaType, Digest: "sha256:" + hash, Size: len(data)}
}

// newLayout makes the image of one layer that carries the given name.
func newLayout(name string, r *rootfs, config imageConfig) (*layout, error) {
	layer, err := r.layer()
	if err != nil {
		return nil, fmt.Errorf("building the image %q: %w", name, err)
	}
	l := &layout{files: rootfs{entries: map[string]tar.Header{}, content: map[string][]byte{}}}
	layerBlob := l.blob("application/vnd.oci.image.layer.v1.tar", layer)
	type m map[string]any
	configBlob := l.blob("application/vnd.oci.image.config.v1+json", mustJSON(m{
		"architecture": runtime.GOARCH, "os": "linux", "created": "1970-01-01T00:00:00Z",
		"config": config,
		"rootfs": m{"type": "layers", "diff_ids": []string{layerBlob.Digest}},
	}))
	manifest := l.blob("application/vnd.oci.image.manifest.v1+json", mustJSON(m{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": configBlob, "layers": []descriptor{layerBlob},
	}))
	l.digest = manifest.Digest
	manifest.Annotations = map[string]string{
		"io.containerd.image.name":          name,
		"org.opencontainers.image.ref.name": name[strings.LastIndexByte(name, ':')+1:],
	}
	l.files.file("index.json", 0o644, mustJSON(m{"schemaVersion": 2, "manifests": []descriptor{manifest}}))
	l.files.file("oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return l, nil
}

// mustJSON encodes plain maps and structs of strings, which cannot fail.
func mustJSON(v any) []byte {
	data, _ := json.Marshal(v)
	return data
}
