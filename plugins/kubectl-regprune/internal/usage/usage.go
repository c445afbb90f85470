// Package usage says what takes the space of a registry: which repositories and
// images need how much, what only they need, with whom they share the rest, and
// what nobody needs.
//
// It counts by the rules of package graph, which are the server's: each blob is
// stored once, and stays for as long as a linked manifest names it. It refuses to
// spread shared bytes over those who share them: what is shared is said to be.
package usage

import "time"

// APIVersion and Kind of what [Of] returns, as JSON.
const (
	APIVersion = "regprune.kubectl-suite.dev/v1alpha1"
	Kind       = "Usage"
)

// Usage is who needs which part of a registry's storage. Repositories are in the
// order of their names. All sizes are bytes.
type Usage struct {
	APIVersion   string       `json:"apiVersion"`
	Kind         string       `json:"kind"`
	Registry     string       `json:"registry"`
	Totals       Totals       `json:"totals"`
	Repositories []Repository `json:"repositories"`
	// Blockers are kept images that alone hold what a plan's deletions share with
	// them, the biggest first. Only [WithPlan] fills it.
	Blockers []Sharer `json:"blockers,omitempty"`
}

// Totals are of the whole registry. Linked = the exclusive bytes of all repositories
// + Shared, and Stored = Linked + Garbage, less what is linked but missing.
type Totals struct {
	Repositories int   `json:"repositories"`
	Tags         int   `json:"tags"`
	Images       int   `json:"images"`        // of all repositories, one for each digest in each
	StoredBytes  int64 `json:"storedBytes"`   // of all blob files; -1: the storage was not listed
	LinkedBytes  int64 `json:"linkedBytes"`   // that manifests need
	SharedBytes  int64 `json:"sharedBytes"`   // that several repositories need
	GarbageBytes int64 `json:"garbageBytes"`  // that no known manifest needs; -1: not known
	UnknownSizes int   `json:"unknownSizes"`  // blobs whose size nobody knows, counted as 0
	Unreadable   int   `json:"unreadable"`    // manifests that may need more than is known
	Incomplete   int   `json:"untaggedHoles"` // repositories whose untagged manifests are not known
	Exact        bool  `json:"exact"`         // nothing is missing: exclusive bytes are not only the most that they can be
	// What a plan frees, if there is one.
	Freed       int64 `json:"-"`
	FreedShared int64 `json:"-"` // the part of Freed that several repositories need
}

// Repository is what one repository needs. Bytes = Exclusive + Shared, and Exclusive =
// the exclusive bytes of its images and untagged manifests + Within.
type Repository struct {
	Name           string   `json:"name"`
	Tags           int      `json:"tags"`
	Attached       int      `json:"attachedTags"` // those of signatures and the like, counted in Tags, too
	Ghosts         int      `json:"ghosts"`       // tags without a manifest, counted in Tags, too
	Bytes          int64    `json:"bytes"`        // each blob once
	TaggedBytes    int64    `json:"taggedBytes"`  // of Bytes, what tags need
	ExclusiveBytes int64    `json:"exclusiveBytes"`
	SharedBytes    int64    `json:"sharedBytes"`       // with other repositories
	WithinBytes    int64    `json:"sharedWithinBytes"` // only here, but by several images
	UnknownSizes   int      `json:"unknownSizes"`      // blobs whose size nobody knows, and manifests that cannot be read
	Untagged       Untagged `json:"untagged"`
	Images         []Image  `json:"images"` // in the order of their first tags
	// What a plan does, if there is one.
	Freed       int64 `json:"-"` // without what other repositories share
	FreedWithin int64 `json:"-"` // the part of Freed that several images need
}

// Untagged is about the manifests that no tag leads to.
type Untagged struct {
	Known     bool  `json:"known"` // false: there may be more than these
	Manifests int   `json:"manifests"`
	Bytes     int64 `json:"exclusiveBytes"` // that nothing else needs
	Unknown   int   `json:"unknownSizes"`   // blobs of Bytes whose size nobody knows
	Freed     int64 `json:"-"`              // by a plan
}

// Image is a manifest with tags, and all that belongs to it: children, at any
// depth, and signatures.
type Image struct {
	Digest         string    `json:"digest"`
	Tags           []string  `json:"tags"`
	Created        time.Time `json:"created,omitzero"`
	Pushed         time.Time `json:"pushed,omitzero"` // the latest of its tags
	Bytes          int64     `json:"bytes"`
	ExclusiveBytes int64     `json:"exclusiveBytes"` // that go if this image, with all its tags, goes
	SharedBytes    int64     `json:"sharedBytes"`
	UnknownSizes   int       `json:"unknownSizes"`
	// SharedWith are those who alone keep some bytes besides this image: the most
	// important ones. If one of them went, too, its bytes would be free.
	SharedWith []Sharer `json:"sharedWith,omitempty"`
	Freed      int64    `json:"-"` // by a plan, of the exclusive bytes
}

// Sharer is an image that keeps bytes.
type Sharer struct {
	Repository string   `json:"repository"`
	Digest     string   `json:"digest,omitempty"` // empty: the repository's untagged manifests
	Tags       []string `json:"tags,omitempty"`
	Bytes      int64    `json:"bytes"`
}
