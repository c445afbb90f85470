package graph

import (
	"iter"
	"maps"
	"slices"
)

// Link says how one manifest of a closure came into it.
type Link struct {
	Why  string // a Via… constant
	From string // the digest that led here, "" for a root
}

// The ways from one manifest to another.
const (
	ViaRoot     = "root"
	ViaChild    = "child"    // of an index
	ViaReferrer = "referrer" // its subject is in the closure, or its tag names it
)

// relations are the edges within one repository.
type relations struct {
	graph     *Registry
	referrers map[string][]string // by subject
	linked    map[string]bool
}

func (g *Registry) relations(r *Repository) relations {
	rel := relations{graph: g, referrers: map[string][]string{}, linked: make(map[string]bool, len(r.Linked))}
	for _, d := range r.Linked {
		rel.linked[d] = true
		if m := g.Manifests[d]; m != nil && m.Subject != "" {
			rel.referrers[m.Subject] = append(rel.referrers[m.Subject], d)
		}
	}
	for _, t := range r.Tags {
		if subject := AttachedTo(t.Name); subject != "" && t.Digest != "" {
			rel.referrers[subject] = append(rel.referrers[subject], t.Digest)
		}
	}
	return rel
}

// Closure is everything in r that has to stay if roots stay: children of indexes, at
// any depth, and signatures and other artifacts that refer to what stays. Each
// comes with how it was reached, so that a chain can be told. Roots that r does not
// link are ignored.
func (g *Registry) Closure(r *Repository, roots []string) map[string]Link {
	rel := g.relations(r)
	reached := make(map[string]Link, len(roots))
	var queue []string
	add := func(d string, l Link) {
		if _, seen := reached[d]; !seen && rel.linked[d] {
			reached[d] = l
			queue = append(queue, d)
		}
	}
	for _, d := range roots {
		add(d, Link{Why: ViaRoot})
	}
	for len(queue) > 0 {
		d := queue[0]
		queue = queue[1:]
		if m := g.Manifests[d]; m != nil {
			for _, child := range m.Children {
				add(child, Link{ViaChild, d})
			}
		}
		for _, referrer := range rel.referrers[d] {
			add(referrer, Link{ViaReferrer, d})
		}
	}
	return reached
}

// Dependents are, for each manifest of r, those that have to go before it: the
// indexes that name it, and what it refers to as a signature does.
func (g *Registry) Dependents(r *Repository) map[string][]string {
	above := map[string][]string{}
	for _, d := range r.Linked {
		if m := g.Manifests[d]; m != nil {
			for _, child := range m.Children {
				above[child] = append(above[child], d)
			}
		}
	}
	referrers := g.relations(r).referrers
	for _, subject := range slices.Sorted(maps.Keys(referrers)) { // in order, as attachments can run in circles
		for _, d := range referrers[subject] {
			above[d] = append(above[d], subject)
		}
	}
	return above
}

// Marked are the digests of all blobs, manifests among them, that the server's
// garbage collection keeps if links are all that is linked: each manifest itself
// and what it names, one level deep, as the server does it.
func (g *Registry) Marked(links func(yield func(digest string) bool)) map[string]bool {
	marked := map[string]bool{}
	for d := range links {
		for b := range g.names(d) {
			marked[b] = true
		}
	}
	return marked
}

// names are a manifest and what it names, one level deep.
func (g *Registry) names(digest string) iter.Seq[string] {
	return func(yield func(string) bool) {
		m := g.Manifests[digest]
		if !yield(digest) || m == nil || m.Config != nil && !yield(m.Config.Digest) {
			return
		}
		for _, l := range m.Layers {
			if !yield(l.Digest) {
				return
			}
		}
		for _, c := range m.Children {
			if !yield(c) {
				return
			}
		}
	}
}

// Size is what one blob takes of the storage, in bytes: as stored if that is known,
// as manifests say otherwise. Foreign layers take nothing. It is false if nobody knows.
func (g *Registry) Size(digest string) (int64, bool) {
	if g.Stored != nil {
		size, ok := g.Stored[digest]
		return size, ok || g.known(digest)
	}
	if m := g.Manifests[digest]; m != nil {
		return m.Size, true
	}
	b := g.Blobs[digest]
	switch {
	case b == nil || b.Size < 0:
		return 0, false
	case b.Foreign:
		return 0, true
	}
	return b.Size, true
}

func (g *Registry) known(digest string) bool {
	return g.Manifests[digest] != nil || g.Blobs[digest] != nil
}

// Links is every linked manifest but those of without, once for each repository
// that links it.
func (g *Registry) Links(without map[Ref]bool) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, r := range g.Repositories {
			for _, d := range r.Linked {
				if !without[Ref{r.Name, d}] && !yield(d) {
					return
				}
			}
		}
	}
}
