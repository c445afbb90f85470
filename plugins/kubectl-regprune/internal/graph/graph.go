// Package graph is what a registry holds: repositories, the tags and manifests in
// them, and the blobs that these refer to. It answers questions about it (what
// belongs to what, what a garbage collection would free) and asks nobody.
//
// The rules are the server's own, of distribution 2.8 and 3: blobs are stored once
// for all repositories, a manifest exists in a repository if that links it, and
// garbage is every blob that no linked manifest names.
package graph

import (
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Registry is everything that is known of a registry's content.
type Registry struct {
	Repositories []*Repository        // in the order of their names
	Manifests    map[string]*Manifest // by digest; a digest has one content in all repositories
	Blobs        map[string]*Blob     // configs and layers, by digest

	// Stored has the size of every blob file of the server's storage, manifests
	// among them, by digest. It is nil if the storage could not be listed: without
	// access to the container's files, or where they are in an object store.
	Stored map[string]int64
}

// Repository is a name under which images are pushed.
type Repository struct {
	Name string
	Tags []Tag // in the order of their names

	// Linked are the digests of all manifests that exist in the repository, sorted.
	Linked []string
	// Complete says that Linked has the untagged ones, too, which the registry's API
	// does not tell. Otherwise Linked has what tags lead to.
	Complete bool
	// Pushed has the times at which manifests were linked, by digest, where known.
	Pushed map[string]time.Time
	// Problems are files that the server would fail on, in words with the repair.
	Problems []string
	// Failed says what could not be read. The repository may have more than is known
	// here, and nothing of it may be deleted.
	Failed string
}

// Tag is a name for a manifest. Digest is empty if the manifest is missing although
// the tag is listed: a ghost.
type Tag struct {
	Name, Digest string
	Pushed       time.Time // when it was pushed last; zero if unknown
}

// Manifest describes an image, an index of images, or an artifact.
type Manifest struct {
	Digest, MediaType string
	Size              int64 // of the manifest itself, in bytes
	Kind              registry.Kind
	Config            *Blob
	Layers            []*Blob
	Children          []string // digests, of an index
	Platforms         []string // of Children, in their order; may be nil
	Subject           string   // digest of what this one belongs to, as a signature does
	ArtifactType      string
	Platform          string    // as its index has it
	Created           time.Time // as the image's config says; zero if unknown or not believable
	Protect           string    // the value of an annotation or label that asks to keep it
	// Broken says why the manifest cannot be read; what it refers to is not known then,
	// but for children of an index.
	Broken string
	// Asked says that its config was to be read, for Created and Protect, and Learned
	// that it was.
	Asked, Learned bool `json:"-"`
}

// Blob is a config or a layer.
type Blob struct {
	Digest  string
	Size    int64 // bytes; -1 if unknown
	Foreign bool  // stored elsewhere
}

// Ref is a manifest in a repository.
type Ref struct{ Repository, Digest string }

// Repository finds a repository by its name, or returns nil.
func (g *Registry) Repository(name string) *Repository {
	for _, r := range g.Repositories {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// Complete reports whether all manifests of all repositories are known, untagged
// ones among them, without which sizes are no more than bounds.
func (g *Registry) Complete() bool {
	for _, r := range g.Repositories {
		if !r.Complete || r.Failed != "" {
			return false
		}
	}
	return true
}

// Tag finds a tag by its name, or returns nil.
func (r *Repository) Tag(name string) *Tag {
	for i := range r.Tags {
		if r.Tags[i].Name == name {
			return &r.Tags[i]
		}
	}
	return nil
}
