package backup

import (
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// index is what was collected, in the order for putting it back.
func (w *writer) index() []Repository {
	repos := make([]Repository, 0, len(w.repos))
	for _, r := range w.repos {
		r.rank()
		repos = append(repos, r.out)
	}
	return repos
}

// rank gives each manifest its round.
func (r *repoWriter) rank() {
	needs := map[string][]string{}
	for digest, c := range r.content {
		for _, child := range c.Manifests {
			needs[digest] = append(needs[digest], child.Digest)
		}
		if c.Subject != nil {
			needs[digest] = append(needs[digest], c.Subject.Digest)
		}
	}
	for _, t := range r.out.Tags {
		if subject := graph.AttachedTo(t.Name); subject != "" {
			needs[t.Digest] = append(needs[t.Digest], subject)
		}
	}
	round := map[string]int{}
	var visit func(digest string) int
	visit = func(digest string) int {
		if n, seen := round[digest]; seen {
			return n
		}
		if _, ours := r.seen[digest]; !ours {
			return 0
		}
		round[digest] = 1 // ends a cycle, which names of attachments can make
		n := 1
		for _, d := range needs[digest] {
			n = max(n, visit(d)+1)
		}
		round[digest] = n
		return n
	}
	for i := range r.out.Manifests {
		r.out.Manifests[i].Order = visit(r.out.Manifests[i].Digest)
	}
	slices.SortFunc(r.out.Manifests, func(a, b Manifest) int {
		if a.Order != b.Order {
			return a.Order - b.Order
		}
		return strings.Compare(a.Digest, b.Digest)
	})
}
