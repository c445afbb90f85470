package disk

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// Into adds to g what the listing knows: manifests without tags, the times of pushes,
// sizes as stored, and problems. It returns the names of repositories that g did not
// have, which it adds without tags: those are for the caller to ask the API for.
//
// Repositories that only g has, as they were pushed since, stay incomplete.
func (l *Listing) Into(g *graph.Registry) (added []string) {
	known := make(map[string]*graph.Repository, len(g.Repositories))
	for _, r := range g.Repositories {
		known[r.Name] = r
	}
	for _, from := range l.Repositories {
		if !from.Manifests {
			continue // nothing was ever pushed whole
		}
		to := known[from.Name]
		if to == nil {
			to = &graph.Repository{Name: from.Name}
			g.Repositories = append(g.Repositories, to)
			added = append(added, from.Name)
		}
		from.into(to)
	}
	slices.SortFunc(g.Repositories, func(a, b *graph.Repository) int { return strings.Compare(a.Name, b.Name) })
	g.Stored = maps.Clone(l.Blobs)
	return added
}

func (r *Repository) into(to *graph.Repository) {
	linked := map[string]bool{}
	for _, d := range to.Linked {
		linked[d] = true
	}
	if to.Pushed == nil {
		to.Pushed = make(map[string]time.Time, len(r.Revisions))
	}
	for d, at := range r.Revisions {
		linked[d] = true
		to.Pushed[d] = at
	}
	to.Linked = slices.Sorted(maps.Keys(linked))
	to.Complete = true
	for i := range to.Tags {
		if at, ok := r.Tags[to.Tags[i].Name]; ok {
			to.Tags[i].Pushed = at
		}
	}
	to.Problems = append(to.Problems, r.Problems...)
}
