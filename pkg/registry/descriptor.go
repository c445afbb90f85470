package registry

import (
	"slices"
	"strings"
)

// Descriptor is a reference to content, as manifests carry it:
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
type Descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"` // ALGORITHM:HEX
	Size         int64             `json:"size"`   // bytes
	URLs         []string          `json:"urls,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Platform     *Platform         `json:"platform,omitempty"`
}

// Platform is what an image of an index runs on.
type Platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant,omitempty"`
}

// String is OS/ARCHITECTURE[/VARIANT].
func (p *Platform) String() string {
	if p == nil {
		return ""
	}
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// isBlob reports whether what an index names is no manifest. A server that is asked for
// such a thing as a manifest reads all of it, and fails.
func (d Descriptor) isBlob() bool {
	return d.MediaType != "" && !slices.Contains(MediaTypes, d.MediaType) &&
		!strings.Contains(d.MediaType, "manifest") && !strings.Contains(d.MediaType, "index")
}

// Foreign reports whether a registry does not keep the content itself: such a layer
// takes none of its space.
func (d Descriptor) Foreign() bool {
	switch d.MediaType {
	case "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
		"application/vnd.oci.image.layer.nondistributable.v1.tar",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd":
		return true
	}
	return len(d.URLs) > 0
}
