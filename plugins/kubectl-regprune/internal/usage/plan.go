package usage

import (
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// blockersListed is how many blockers are listed.
const blockersListed = 20

// stays has, by blob, its number in kept, or -1 if it goes.
func (s *survey) stays(kept *survey) []int32 {
	list := make([]int32, len(s.size))
	for digest, b := range s.numbers {
		list[b] = -1
		if k, ok := kept.numbers[digest]; ok {
			list[b] = k
		}
	}
	return list
}

// free notes where the bytes are that go, and returns their sum, and the part that
// several repositories need now.
func (s *survey) free(stays []int32) (freed, shared int64) {
	for b, size := range s.size {
		if stays[b] >= 0 || size < 0 {
			continue
		}
		freed += size
		if s.repository[b] == several {
			shared += size
			continue
		}
		r := &s.repos[s.repository[b]]
		r.Freed += size
		switch n := s.held[b].alone(); {
		case n == 0:
			r.FreedWithin += size
		case s.who[n].image < 0:
			r.Untagged.Freed += size
		default:
			r.Images[s.who[n].image].Freed += size
		}
	}
	return freed, shared
}

// blockers are the holders in kept that alone make blobs of removed manifests stay.
func (s *survey) blockers(kept *survey, stays []int32) []Sharer {
	bytes := map[int32]int64{} // by holder
	counted := make([]bool, len(s.size))
	for _, r := range s.graph.Repositories {
		for _, d := range r.Linked {
			if !kept.without[graph.Ref{Repository: r.Name, Digest: d}] {
				continue
			}
			for _, b := range s.blobs(d) {
				if stays[b] < 0 {
					continue
				}
				if n := kept.held[stays[b]].alone(); n != 0 && !counted[b] && s.size[b] > 0 {
					bytes[n] += s.size[b]
				}
				counted[b] = true
			}
		}
	}
	list := make([]Sharer, 0, len(bytes))
	for n, sum := range bytes {
		list = append(list, kept.sharer(n, sum))
	}
	slices.SortFunc(list, biggest)
	return slices.Clone(list[:min(len(list), blockersListed)])
}
