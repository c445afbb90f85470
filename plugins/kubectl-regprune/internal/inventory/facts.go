package inventory

import (
	"encoding/json"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// ProtectKey is the annotation of a manifest, or the label of an image's config,
// that asks to keep it: "true", or a date until which it holds.
const ProtectKey = "regprune.kubectl-suite.dev/protect"

// createdKey is where manifests of any kind can say when they were made.
const createdKey = "org.opencontainers.image.created"

// facts are what a manifest says, as far as it matters here.
func facts(m *registry.Manifest, c *registry.Content) *graph.Manifest {
	out := &graph.Manifest{
		Digest: m.Digest, MediaType: m.MediaType, Size: int64(len(m.Body)), Kind: c.Kind,
		ArtifactType: c.ArtifactType, Protect: c.Annotations[ProtectKey],
	}
	if at, err := time.Parse(time.RFC3339, c.Annotations[createdKey]); err == nil {
		out.Created = at
	}
	if c.Config != nil {
		out.Config = blob(*c.Config)
	}
	if len(c.Layers) > 0 {
		out.Layers = make([]*graph.Blob, 0, len(c.Layers))
	}
	for _, l := range c.Layers {
		out.Layers = append(out.Layers, blob(l))
	}
	for _, child := range c.Manifests {
		out.Children = append(out.Children, child.Digest)
		out.Platforms = append(out.Platforms, child.Platform.String())
	}
	if c.Subject != nil {
		out.Subject = c.Subject.Digest
	}
	return out
}

// broken is a manifest that cannot be understood as a whole. What it names as its
// children is taken from it all the same: it stays, and so do they.
func broken(m *registry.Manifest, why error) *graph.Manifest {
	out := &graph.Manifest{Digest: m.Digest, MediaType: m.MediaType, Size: int64(len(m.Body)), Broken: why.Error()}
	var doc struct {
		Manifests []struct {
			Digest any `json:"digest"`
		} `json:"manifests"`
	}
	if err := json.Unmarshal(m.Body, &doc); err != nil {
		return out
	}
	for _, child := range doc.Manifests {
		if digest, ok := child.Digest.(string); ok && registry.ValidDigest(digest) {
			out.Children = append(out.Children, digest)
		}
	}
	return out
}

func blob(d registry.Descriptor) *graph.Blob {
	return &graph.Blob{Digest: d.Digest, Size: d.Size, Foreign: d.Foreign()}
}

// adopt puts a manifest into the graph, once for each digest, and makes all that
// name the same blob share it: most layers have many users.
func (r *reader) adopt(m *graph.Manifest) *graph.Manifest {
	if known := r.graph.Manifests[m.Digest]; known != nil {
		return known
	}
	r.o.Cache.hear(m)
	if known, ok := r.names[m.Digest]; ok {
		m.Digest = known
	}
	if m.Subject != "" {
		m.Subject = r.name(m.Subject)
	}
	m.MediaType, m.ArtifactType = r.name(m.MediaType), r.name(m.ArtifactType)
	for i := range m.Children {
		m.Children[i] = r.name(m.Children[i])
	}
	for i := range m.Platforms {
		m.Platforms[i] = r.name(m.Platforms[i])
	}
	if m.Config != nil {
		m.Config = r.share(m.Config)
	}
	for i := range m.Layers {
		m.Layers[i] = r.share(m.Layers[i])
	}
	r.graph.Manifests[m.Digest] = m
	return m
}

func (r *reader) share(b *graph.Blob) *graph.Blob {
	if known := r.graph.Blobs[b.Digest]; known != nil {
		if known.Size < 0 { // a schema1 manifest, which has no sizes, was first
			known.Size = b.Size
		}
		return known
	}
	r.graph.Blobs[b.Digest] = b
	return b
}

// name returns one copy of equal texts.
func (r *reader) name(text string) string {
	if known, ok := r.names[text]; ok {
		return known
	}
	r.names[text] = text
	return text
}
