package usage

import (
	"cmp"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// sharers is how many of those who share with an image are listed.
const sharers = 3

// Of counts what g holds. Name is the registry's, for readers.
func Of(g *graph.Registry, name string) *Usage {
	s := newSurvey(g, nil)
	s.assign()
	return s.usage(name)
}

// WithPlan is [Of], and says what unlinking removed frees where, as [graph.Registry.Freed]
// does for the whole, and which images that stay are in the way of freeing more.
func WithPlan(g *graph.Registry, name string, removed map[graph.Ref]bool) *Usage {
	s := newSurvey(g, nil)
	s.assign()
	kept := newSurvey(g, removed)
	u, stays := s.usage(name), s.stays(kept)
	u.Totals.Freed, u.Totals.FreedShared = s.free(stays)
	u.Blockers = s.blockers(kept, stays)
	return u
}

// assign gives each blob to the image, the repository or the registry that alone
// needs it.
func (s *survey) assign() {
	pairs := map[[2]int32]int64{}
	for b, size := range s.size {
		held, r := s.held[b], s.repository[b]
		if size < 0 {
			if one := s.who[held.alone()]; held.alone() != 0 && one.image < 0 {
				s.repos[one.repository].Untagged.Unknown++
			}
			continue
		}
		if r == nobody {
			continue
		}
		if r != several {
			s.repos[r].ExclusiveBytes += size
		}
		switch one := held.alone(); {
		case one != 0:
			*s.own(one) += size
		case held.more:
			s.within(r, size)
		default:
			pairs[[2]int32{min(held.a, held.b), max(held.a, held.b)}] += size
			s.within(r, size)
		}
	}
	s.pair(pairs)
	for i := range s.repos {
		r := &s.repos[i]
		r.SharedBytes = r.Bytes - r.ExclusiveBytes
		for k := range r.Images {
			r.Images[k].SharedBytes = r.Images[k].Bytes - r.Images[k].ExclusiveBytes
		}
	}
}

func (s *survey) within(r int32, size int64) {
	if r != several {
		s.repos[r].WithinBytes += size
	}
}

// own is the exclusive bytes of a holder.
func (s *survey) own(n int32) *int64 {
	h := s.who[n]
	if r := &s.repos[h.repository]; h.image >= 0 {
		return &r.Images[h.image].ExclusiveBytes
	}
	return &s.repos[h.repository].Untagged.Bytes
}

// pair lists with every image those who share most with it and nobody else.
func (s *survey) pair(pairs map[[2]int32]int64) {
	partners := map[int32][]Sharer{}
	for pair, bytes := range pairs {
		if bytes == 0 {
			continue
		}
		for i, n := range pair {
			if s.who[n].image >= 0 {
				partners[n] = append(partners[n], s.sharer(pair[1-i], bytes))
			}
		}
	}
	for n, list := range partners {
		slices.SortFunc(list, biggest)
		s.repos[s.who[n].repository].Images[s.who[n].image].SharedWith = slices.Clip(slices.Clone(list[:min(sharers, len(list))]))
	}
}

func (s *survey) sharer(n int32, bytes int64) Sharer {
	h := s.who[n]
	r := &s.repos[h.repository]
	if h.image < 0 {
		return Sharer{Repository: r.Name, Bytes: bytes}
	}
	image := &r.Images[h.image]
	return Sharer{Repository: r.Name, Digest: image.Digest, Tags: image.Tags, Bytes: bytes}
}

func (s *survey) usage(name string) *Usage {
	t := Totals{Repositories: len(s.repos), StoredBytes: -1, GarbageBytes: -1}
	for b, size := range s.size {
		if size < 0 {
			t.UnknownSizes++
			continue
		}
		t.LinkedBytes += size
		if s.repository[b] == several {
			t.SharedBytes += size
		}
	}
	for i, r := range s.graph.Repositories {
		t.Tags += s.repos[i].Tags
		t.Images += len(s.repos[i].Images)
		if !r.Complete || r.Failed != "" {
			t.Incomplete++
		}
	}
	for d := range s.needs {
		if m := s.graph.Manifests[d]; m == nil || m.Broken != "" {
			t.Unreadable++
		}
	}
	if s.graph.Stored != nil {
		t.StoredBytes, t.GarbageBytes = 0, 0
		for d, size := range s.graph.Stored {
			t.StoredBytes += size
			if _, needed := s.numbers[d]; !needed {
				t.GarbageBytes += size
			}
		}
	}
	t.Exact = t.Incomplete == 0 && t.UnknownSizes == 0 && t.Unreadable == 0
	return &Usage{APIVersion: APIVersion, Kind: Kind, Registry: name, Totals: t, Repositories: s.repos}
}

// Largest are at most n repositories, those with the most exclusive bytes first, and
// the number of others; 0 means all.
func (u *Usage) Largest(n int) (list []*Repository, others int) {
	for i := range u.Repositories {
		list = append(list, &u.Repositories[i])
	}
	slices.SortStableFunc(list, func(a, b *Repository) int {
		return cmp.Or(cmp.Compare(b.ExclusiveBytes, a.ExclusiveBytes), cmp.Compare(b.Bytes, a.Bytes))
	})
	return first(list, n)
}

// Largest are at most n images, those with the most exclusive bytes first, and the
// number of others; 0 means all.
func (r *Repository) Largest(n int) (list []*Image, others int) {
	for i := range r.Images {
		list = append(list, &r.Images[i])
	}
	slices.SortStableFunc(list, func(a, b *Image) int {
		return cmp.Or(cmp.Compare(b.ExclusiveBytes, a.ExclusiveBytes), cmp.Compare(b.Bytes, a.Bytes))
	})
	return first(list, n)
}

// Placed is an image with the repository that it is in.
type Placed struct {
	Repository string
	*Image
}

// LargestImages are at most n images of all repositories, those with the most
// exclusive bytes first, and the number of others; 0 means all.
func (u *Usage) LargestImages(n int) (list []Placed, others int) {
	for i := range u.Repositories {
		r := &u.Repositories[i]
		for k := range r.Images {
			list = append(list, Placed{r.Name, &r.Images[k]})
		}
	}
	slices.SortStableFunc(list, func(a, b Placed) int {
		return cmp.Or(cmp.Compare(b.ExclusiveBytes, a.ExclusiveBytes), cmp.Compare(b.Bytes, a.Bytes))
	})
	return first(list, n)
}

func first[T any](list []T, n int) ([]T, int) {
	if n <= 0 || n > len(list) {
		n = len(list)
	}
	return list[:n], len(list) - n
}
