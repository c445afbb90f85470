package registry

import (
	"encoding/json"
	"errors"
	"fmt"
)

// The media types of manifests. Asking for less than all of them is dangerous: a
// server of distribution answers for a Docker manifest list with the image for
// linux/amd64, and with that one's digest, to who does not name lists.
const (
	DockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	DockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	OCIManifest    = "application/vnd.oci.image.manifest.v1+json"
	OCIIndex       = "application/vnd.oci.image.index.v1+json"
	DockerSchema1  = "application/vnd.docker.distribution.manifest.v1+json"
	DockerSigned1  = "application/vnd.docker.distribution.manifest.v1+prettyjws"
)

// MediaTypes are all manifests that this package understands.
var MediaTypes = []string{OCIIndex, DockerList, OCIManifest, DockerManifest, DockerSigned1, DockerSchema1}

// Manifest is what a server answered for a tag or a digest. The digest is that of
// the body, computed here.
type Manifest struct {
	MediaType string
	Digest    string
	Body      []byte

	doc *document // what Body says, if that has been parsed
}

// Kind says what a manifest describes.
type Kind string

// The kinds of manifests. Schema1 is Docker's format of before 2016.
const (
	Image   Kind = "image"
	Index   Kind = "index"
	Schema1 Kind = "schema1"
)

// Content is what a manifest says, whatever its media type.
type Content struct {
	Kind         Kind
	ArtifactType string
	Config       *Descriptor  // of an image
	Layers       []Descriptor // of an image, or of an index that names blobs, as build caches do; sizes are -1 in a schema1 manifest, which has none
	Manifests    []Descriptor // of an index
	Subject      *Descriptor  // what this one refers to, as a signature does
	Annotations  map[string]string
}

// Parse reads a manifest. It fails on JSON that is broken or cut short and on media
// types that it does not know, naming them.
func (m *Manifest) Parse() (*Content, error) {
	doc := m.doc
	if doc == nil {
		doc = &document{}
		if err := json.Unmarshal(m.Body, doc); err != nil {
			return nil, fmt.Errorf("parsing manifest %q: %w", m.Digest, err)
		}
	}
	c := &Content{ArtifactType: doc.ArtifactType, Subject: doc.Subject, Annotations: doc.Annotations}
	switch m.MediaType {
	case OCIIndex, DockerList:
		c.Kind = Index
		for _, d := range doc.Manifests {
			if d.isBlob() {
				c.Layers = append(c.Layers, d)
				continue
			}
			c.Manifests = append(c.Manifests, d)
		}
	case OCIManifest, DockerManifest:
		c.Kind, c.Config, c.Layers = Image, doc.Config, doc.Layers
		if doc.Config == nil {
			return nil, fmt.Errorf("parsing manifest %q: %w", m.Digest, errors.New("it has no config"))
		}
		if c.ArtifactType == "" && doc.Config.MediaType != "" {
			c.ArtifactType = artifact(doc.Config.MediaType)
		}
	case DockerSchema1, DockerSigned1:
		c.Kind = Schema1
		for _, l := range doc.FSLayers {
			c.Layers = append(c.Layers, Descriptor{Digest: l.BlobSum, Size: -1})
		}
	default:
		return nil, fmt.Errorf("parsing manifest %q: unknown media type %q", m.Digest, m.MediaType)
	}
	if c.Subject != nil && c.Subject.Digest == "" && c.Subject.MediaType == "" { // {}, which servers take
		c.Subject = nil
	}
	if err := c.checkDigests(); err != nil {
		return nil, fmt.Errorf("parsing manifest %q: %w", m.Digest, err)
	}
	return c, nil
}

func (c *Content) checkDigests() error {
	for _, list := range [][]Descriptor{c.Layers, c.Manifests} {
		for i := range list {
			if !ValidDigest(list[i].Digest) {
				return fmt.Errorf("%q is no digest", list[i].Digest)
			}
		}
	}
	for _, d := range []*Descriptor{c.Config, c.Subject} {
		if d != nil && !ValidDigest(d.Digest) {
			return fmt.Errorf("%q is no digest", d.Digest)
		}
	}
	return nil
}

// artifact is the type of an artifact whose manifest is older than the field for
// it: the media type of its config, unless that is an image's.
func artifact(config string) string {
	switch config {
	case "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json":
		return ""
	}
	return config
}
