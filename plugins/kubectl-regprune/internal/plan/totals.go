package plan

import (
	"maps"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

func total(repos []Repository) Totals {
	t := Totals{Repositories: len(repos)}
	for _, r := range repos {
		if len(r.Tags) == 0 {
			t.RepositoriesOut++
		}
		for _, tag := range r.Tags {
			t.Tags++
			if tag.Action != Keep {
				t.TagsDeleted++
			}
			if tag.Reason == Ghost {
				t.Ghosts++
			}
		}
		for _, m := range r.Manifests {
			t.Manifests++
			if m.Action == Delete {
				t.ManifestsGone++
			}
		}
	}
	return t
}

// measure fills in the bytes.
func (p *Plan) measure(g *graph.Registry, removed, untagged map[graph.Ref]bool) {
	freed := g.Freed(removed)
	for i, part := range freed.Repositories {
		p.Repos[i].ReclaimBytes, p.Repos[i].SharedBytes = part.Plan, part.Shared
	}
	t := &p.Totals
	t.GarbageBytes, t.ReclaimBytes, t.SharedBytes, t.Exact = freed.Garbage, freed.Plan, freed.Shared, freed.Exact
	t.CommonBytes, t.UntaggedKept = freed.Common, len(untagged)
	if len(untagged) > 0 {
		both := maps.Clone(removed)
		maps.Copy(both, untagged)
		t.UntaggedBytes = g.Freed(both).Plan - freed.Plan
	}
}

// Removed are the manifests that the plan unlinks.
func (p *Plan) Removed() map[graph.Ref]bool {
	removed := map[graph.Ref]bool{}
	for _, r := range p.Repos {
		for _, m := range r.Manifests {
			if m.Action == Delete {
				removed[graph.Ref{Repository: r.Name, Digest: m.Digest}] = true
			}
		}
	}
	return removed
}
