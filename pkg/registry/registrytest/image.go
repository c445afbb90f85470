package registrytest

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Content is what makes up an image or an index: its manifest, the blobs that this
// refers to, and the manifests that it refers to.
type Content struct {
	registry.Manifest
	Blobs    [][]byte   // config and layers
	Children []*Content // of an index
	Platform *registry.Platform
}

// Builder is an image or an index.
type Builder interface{ Build() *Content }

// Build is the content itself.
func (c *Content) Build() *Content { return c }

// Descriptor refers to the content.
func (c *Content) Descriptor() registry.Descriptor {
	return registry.Descriptor{MediaType: c.MediaType, Digest: c.Digest, Size: int64(len(c.Body)), Platform: c.Platform}
}

// Image describes an image. The zero value is a small one without layers for
// linux/amd64, created at no time.
type Image struct {
	Layers      [][]byte
	Created     time.Time // the zero time: the field is left out
	Labels      map[string]string
	Annotations map[string]string
	Platform    string // OS/ARCHITECTURE[/VARIANT]
	Docker      bool   // Docker's media types instead of OCI's

	Subject      *registry.Descriptor
	ArtifactType string
	Config       []byte // instead of an image's
	ConfigType   string // with Config
}

// Layer is a layer of the given size that no other text gives.
func Layer(text string, size int) []byte {
	return []byte(strings.Repeat(text+"\n", size/(len(text)+1)+1)[:size])
}

// types are the media types of one format.
type types struct{ image, index, config, layer string }

func typesOf(docker bool) types {
	if docker {
		return types{registry.DockerManifest, registry.DockerList,
			"application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip"}
	}
	return types{registry.OCIManifest, registry.OCIIndex,
		"application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip"}
}

// Build makes the content.
func (i Image) Build() *Content {
	t := typesOf(i.Docker)
	platform := platform(i.Platform)
	config, configType := i.Config, i.ConfigType
	if config == nil {
		config, configType = i.config(platform), t.config
	}
	m := manifest{
		SchemaVersion: 2, MediaType: t.image, ArtifactType: i.ArtifactType,
		Config: describe(configType, config), Layers: []registry.Descriptor{},
		Subject: i.Subject, Annotations: i.Annotations,
	}
	c := &Content{Blobs: [][]byte{config}, Platform: platform}
	for _, layer := range i.Layers {
		m.Layers = append(m.Layers, *describe(t.layer, layer))
		c.Blobs = append(c.Blobs, layer)
	}
	c.Manifest = encode(t.image, m)
	return c
}

func (i Image) config(p *registry.Platform) []byte {
	var created *time.Time
	if !i.Created.IsZero() {
		created = &i.Created
	}
	diffs := []string{}
	for _, layer := range i.Layers {
		diffs = append(diffs, registry.Digest(layer))
	}
	return toJSON(map[string]any{
		"created": created, "os": p.OS, "architecture": p.Architecture,
		"config": map[string]any{"Labels": i.Labels},
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffs},
	})
}

// Index describes an index, which Docker calls a manifest list.
type Index struct {
	Manifests   []Builder // images, or further indexes
	Annotations map[string]string
	Docker      bool

	Subject      *registry.Descriptor
	ArtifactType string
}

// Build makes the content.
func (i Index) Build() *Content {
	t := typesOf(i.Docker)
	m := manifest{
		SchemaVersion: 2, MediaType: t.index, ArtifactType: i.ArtifactType,
		Manifests: []registry.Descriptor{}, Subject: i.Subject, Annotations: i.Annotations,
	}
	c := &Content{}
	for _, b := range i.Manifests {
		child := b.Build()
		m.Manifests = append(m.Manifests, child.Descriptor())
		c.Children = append(c.Children, child)
	}
	c.Manifest = encode(t.index, m)
	return c
}

// manifest is the form of both; what is nil is left out.
type manifest struct {
	SchemaVersion int                   `json:"schemaVersion"`
	MediaType     string                `json:"mediaType"`
	ArtifactType  string                `json:"artifactType,omitempty"`
	Config        *registry.Descriptor  `json:"config,omitempty"`
	Layers        []registry.Descriptor `json:"layers,omitzero"`
	Manifests     []registry.Descriptor `json:"manifests,omitzero"`
	Subject       *registry.Descriptor  `json:"subject,omitempty"`
	Annotations   map[string]string     `json:"annotations,omitempty"`
}

func encode(mediaType string, m manifest) registry.Manifest {
	body := toJSON(m)
	return registry.Manifest{MediaType: mediaType, Digest: registry.Digest(body), Body: body}
}

func describe(mediaType string, content []byte) *registry.Descriptor {
	return &registry.Descriptor{MediaType: mediaType, Digest: registry.Digest(content), Size: int64(len(content))}
}

func platform(text string) *registry.Platform {
	if text == "" {
		text = "linux/amd64"
	}
	p := &registry.Platform{}
	p.OS, text, _ = strings.Cut(text, "/")
	p.Architecture, p.Variant, _ = strings.Cut(text, "/")
	return p
}

// toJSON encodes what always can be.
func toJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return []byte(err.Error())
	}
	return text
}
