package disk

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// Into adds to g what the listing knows: manifests without tags, the times of pushes,
// sizes as stored, and problems. It returns the names of repositories that g did not
// have, which it adds without tags: those are for the caller to ask the API for, and to
// hand to Tags then.
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
		} else {
			from.tags(to)
		}
		from.into(to)
	}
	slices.SortFunc(g.Repositories, func(a, b *graph.Repository) int { return strings.Compare(a.Name, b.Name) })
	g.Stored = maps.Clone(l.Blobs)
	return added
}

// Tags compares the tags of repositories that Into has added, by now as the API lists
// them, with the files, and adds the times of their pushes.
func (l *Listing) Tags(repos ...*graph.Repository) {
	byName := make(map[string]*graph.Repository, len(repos))
	for _, to := range repos {
		byName[to.Name] = to
	}
	for _, from := range l.Repositories {
		if to := byName[from.Name]; to != nil {
			from.tags(to)
		}
	}
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
	to.Problems = append(to.Problems, r.Problems...)
}

// tags adds the times of pushes, and fails a repository some of whose tags the API has
// not listed, as happens behind a proxy that drops the link to the next page: their
// images would look untagged. A tag that was deleted since the files were listed
// looks the same, and does no harm.
func (r *Repository) tags(to *graph.Repository) {
	listed := make(map[string]bool, len(to.Tags))
	for i := range to.Tags {
		t := &to.Tags[i]
		listed[t.Name] = true
		if at, ok := r.Tags[t.Name]; ok {
			t.Pushed = at
		}
	}
	var unlisted []string
	for tag := range r.Tags {
		if !listed[tag] {
			unlisted = append(unlisted, tag)
		}
	}
	if len(unlisted) > 0 && to.Failed == "" {
		to.Failed = fmt.Sprintf("the files have %d tags that the API has not listed, such as %q", len(unlisted), slices.Min(unlisted))
	}
}
