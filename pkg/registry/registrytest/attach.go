package registrytest

import (
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Signature is a signature as cosign writes it: an image with one layer, to be pushed
// under [AttachedTag] of what it signs.
func Signature(of *Content) *Content {
	return Image{
		Layers:      [][]byte{toJSON(map[string]any{"critical": map[string]any{"image": map[string]string{"docker-manifest-digest": of.Digest}}})},
		Annotations: map[string]string{"dev.cosignproject.cosign/signature": "c2lnbmF0dXJl"},
	}.Build()
}

// Referrer is an artifact that names its subject, as later signatures and SBOMs do.
func Referrer(of *Content, artifactType string) *Content {
	return Image{
		Config: []byte("{}"), ConfigType: "application/vnd.oci.empty.v1+json",
		Layers:  [][]byte{[]byte("about " + of.Digest)},
		Subject: Ref(of), ArtifactType: artifactType,
	}.Build()
}

// Referrers is the index of what refers to an image that clients keep under
// [AttachedTag] with suffix "" where a registry has no list of referrers.
func Referrers(all ...*Content) *Content {
	i := Index{}
	for _, c := range all {
		i.Manifests = append(i.Manifests, c)
	}
	return i.Build()
}

// AttachedTag is the tag for what belongs to c: "sha256-SUM" and a suffix such as
// "sig", "att" or "sbom".
func AttachedTag(c *Content, suffix string) string {
	tag := strings.Replace(c.Digest, ":", "-", 1)
	if suffix != "" {
		tag += "." + suffix
	}
	return tag
}

// Ref makes a descriptor by which one manifest names another as its subject.
func Ref(c *Content) *registry.Descriptor {
	d := c.Descriptor()
	d.Platform = nil
	return &d
}
