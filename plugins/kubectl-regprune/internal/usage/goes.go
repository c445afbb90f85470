package usage

import "github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"

// Goes is what would go with the manifest digest of r: itself, and what belongs to
// it and to nothing else, tagged or not. It is nothing if an index needs the manifest.
func Goes(g *graph.Registry, r *graph.Repository, digest string) map[graph.Ref]bool {
	closure := g.Closure(r, []string{digest})
	var others []string
	for _, tag := range r.Tags {
		subject := graph.AttachedTo(tag.Name)
		_, below := closure[subject]
		if tag.Digest != digest && !(below && subject != tag.Digest) {
			others = append(others, tag.Digest)
		}
	}
	reached := g.Closure(r, others)
	var untagged []string
	for _, d := range r.Linked {
		_, tagged := reached[d]
		if _, below := closure[d]; !tagged && !below {
			untagged = append(untagged, d)
		}
	}
	stays := g.Closure(r, append(others, untagged...))
	removed := map[graph.Ref]bool{}
	for d := range closure {
		if _, ok := stays[d]; !ok {
			removed[graph.Ref{Repository: r.Name, Digest: d}] = true
		}
	}
	return removed
}
