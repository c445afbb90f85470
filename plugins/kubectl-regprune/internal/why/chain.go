package why

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
)

// Relations of a step.
const (
	child    = graph.ViaChild
	referrer = graph.ViaReferrer
)

// teller knows one repository of a plan.
type teller struct {
	repository *plan.Repository
	graph      *graph.Registry // or nil
	tags       map[string][]string
	manifests  map[string]*plan.Manifest
}

func (t *teller) index() {
	for _, tag := range t.repository.Tags {
		t.tags[tag.Digest] = append(t.tags[tag.Digest], tag.Name)
	}
	for i := range t.repository.Manifests {
		t.manifests[t.repository.Manifests[i].Digest] = &t.repository.Manifests[i]
	}
}

func (t *teller) step(digest string) Step {
	s := Step{Digest: digest, Tags: t.tags[digest]}
	if m := t.manifests[digest]; m != nil {
		s.Action, s.Reason, s.Use = m.Action, m.Reason, m.Use
	}
	if t.graph != nil {
		if m := t.graph.Manifests[digest]; m != nil {
			s.Platform, s.Artifact = m.Platform, m.ArtifactType
		}
	}
	return s
}

// chain follows who decided about whom.
func (t *teller) chain(digest string) []Step {
	list, seen := []Step{}, map[string]bool{"": true}
	for !seen[digest] {
		seen[digest] = true
		s := t.step(digest)
		if m := t.manifests[digest]; m != nil && !seen[m.From] {
			s.From, s.Relation = m.From, relation(m.Reason)
			digest = m.From
		}
		list = append(list, s)
	}
	return list
}

func relation(r plan.Reason) string {
	switch r {
	case plan.ChildOfKept, plan.ChildOfDeleted:
		return child
	case plan.ReferrerOfKept, plan.OrphanReferrer:
		return referrer
	}
	return ""
}

// along are the manifests below digest: as the graph has them, or, without one, those
// about which the plan decided by it.
func (t *teller) along(digest string) []Step {
	var list []Step
	if t.graph != nil {
		if r := t.graph.Repository(t.repository.Name); r != nil {
			for d, link := range t.graph.Closure(r, []string{digest}) {
				if d != digest {
					s := t.step(d)
					s.From, s.Relation = link.From, link.Why
					list = append(list, s)
				}
			}
		}
	} else {
		for _, d := range slices.Sorted(maps.Keys(t.manifests)) {
			if m := t.manifests[d]; digest != "" && m.From == digest {
				s := t.step(d)
				s.From, s.Relation = digest, relation(m.Reason)
				list = append(list, s)
			}
		}
	}
	slices.SortFunc(list, func(a, b Step) int {
		return cmp.Or(cmp.Compare(a.Relation, b.Relation), cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.Digest, b.Digest))
	})
	return list
}

// measure finds out how old the image is, what it and what belongs to it take, and what
// of that is needed by nothing else.
func (t *teller) measure(w *Why, tag *plan.Tag) {
	if t.graph == nil || w.Digest == "" {
		return
	}
	r := t.graph.Repository(t.repository.Name)
	if r == nil {
		return
	}
	if m := t.graph.Manifests[w.Digest]; m != nil {
		w.Created = m.Created
	}
	if tag != nil {
		if known := r.Tag(tag.Name); known != nil {
			w.Pushed = known.Pushed
		}
	}
	closure := t.graph.Closure(r, []string{w.Digest})
	if len(closure) == 0 {
		return
	}
	w.Bytes = 0
	for d := range t.graph.Marked(maps.Keys(closure)) {
		size, known := t.graph.Size(d)
		w.Bytes += size
		if !known {
			w.UnknownSizes++
		}
	}
	w.Exact = t.graph.Complete() && w.UnknownSizes == 0
	w.ExclusiveBytes = t.graph.Freed(usage.Goes(t.graph, r, w.Digest)).Plan
}
