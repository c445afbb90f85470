package plan

import (
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

// protects reports whether a manifest, or an image that it has as an index, asks for
// protection: labels are in the configs of images, of which an index has none.
func (d *decider) protects(digest string, seen map[string]bool) bool {
	m := d.in.Graph.Manifests[digest]
	if m == nil || seen[digest] {
		return false
	}
	seen[digest] = true
	if protected(m.Protect, d.in.Now) {
		return true
	}
	for _, child := range m.Children {
		if d.protects(child, seen) {
			return true
		}
	}
	return false
}

// somewhere reports whether a repository may have a manifest.
func (d *decider) somewhere(digest string) bool {
	return d.in.Graph.Manifests[digest] != nil || slices.ContainsFunc(d.in.Graph.Repositories, func(r *graph.Repository) bool {
		_, linked := slices.BinarySearch(r.Linked, digest)
		return linked || !r.Complete || r.Failed != ""
	})
}

// fromElsewhere keeps what looks as if nothing had it, though something does: signatures
// of what is in another repository, where clients can be told to put them, and tags
// with their own manifest's digest, as tools give them that copy images by digest.
// Whether the others stay is not this repository's decision. While some repository is not
// known as a whole, nothing is known to be in none.
func (d *decider) fromElsewhere() {
	here := map[string]bool{}
	for _, digest := range d.repo.Linked {
		here[digest] = true
	}
	elsewhere := func(subject string) bool {
		return subject != "" && !here[subject] && d.somewhere(subject)
	}
	for _, digest := range d.repo.Linked {
		if m := d.in.Graph.Manifests[digest]; m != nil && !d.named(digest) && elsewhere(m.Subject) {
			d.keep(digest, verdict{stays: true, reason: ReferrerOfKept})
		}
	}
	untags := d.entry != nil && d.entry.Untags()
	for _, t := range d.repo.Tags {
		switch subject := graph.AttachedTo(t.Name); {
		case subject == "" || t.Digest == "" || d.named(t.Digest):
		case elsewhere(subject):
			d.keep(t.Digest, verdict{stays: true, reason: ReferrerOfKept})
		case subject == t.Digest && untags:
			d.keep(t.Digest, verdict{stays: true, reason: Reason(policy.Unmatched)})
		}
	}
}
