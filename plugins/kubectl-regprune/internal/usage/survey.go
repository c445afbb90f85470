package usage

import (
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// holders are those who need something, by number from 1. Two are enough: what
// one holds is that one's alone, what two hold is a pair's, and for more it does not
// matter who they are.
type holders struct {
	a, b int32
	more bool
}

func (h *holders) add(x int32) {
	switch {
	case x == 0 || x == h.a || x == h.b:
	case h.a == 0:
		h.a = x
	case h.b == 0:
		h.b = x
	default:
		h.more = true
	}
}

func (h *holders) join(other holders) {
	h.add(other.a)
	h.add(other.b)
	h.more = h.more || other.more
}

func (h holders) alone() int32 {
	if h.b != 0 {
		return 0
	}
	return h.a
}

// holder is an image, or the untagged manifests of a repository.
type holder struct{ repository, image int32 } // image is -1 for untagged ones

// Instead of the index of the only repository that needs a blob.
const (
	several = -1
	nobody  = -2
)

// survey goes over a registry once and notes who needs which blob. Blobs have numbers,
// as a map by digest for each figure would take many times the memory.
type survey struct {
	graph   *graph.Registry
	without map[graph.Ref]bool
	numbers map[string]int32 // of blobs, by digest
	needs   map[string][]int32
	who     []holder // by number; 0 is nobody
	// By blob:
	size       []int64 // -1: not known
	held       []holders
	repository []int32 // the index of the only one that needs it, several or nobody
	unread     []bool  // a manifest that cannot be read: what it needs is not known
	seen       []int32 // the last count that had it, so that each counts it once
	counts     int32
	repos      []Repository
}

// newSurvey looks at all links but those of without.
func newSurvey(g *graph.Registry, without map[graph.Ref]bool) *survey {
	s := &survey{graph: g, without: without, numbers: make(map[string]int32, len(g.Blobs)+len(g.Manifests)),
		needs: make(map[string][]int32, len(g.Manifests)), who: make([]holder, 1), repos: make([]Repository, len(g.Repositories))}
	for i, r := range g.Repositories {
		s.look(int32(i), r)
	}
	return s
}

func (s *survey) number(digest string) int32 {
	n, ok := s.numbers[digest]
	if !ok {
		n = int32(len(s.size))
		s.numbers[digest] = n
		size, known := s.graph.Size(digest)
		if !known {
			size = -1
		}
		s.size = append(s.size, size)
		s.held = append(s.held, holders{})
		s.repository = append(s.repository, nobody)
		s.seen = append(s.seen, 0)
		m := s.graph.Manifests[digest]
		s.unread = append(s.unread, m != nil && m.Broken != "")
	}
	return n
}

// blobs are the manifest and what it names, one level deep, as the server marks.
func (s *survey) blobs(digest string) []int32 {
	list, ok := s.needs[digest]
	if ok {
		return list
	}
	m := s.graph.Manifests[digest]
	if m == nil {
		list = []int32{s.number(digest)}
	} else {
		list = make([]int32, 0, 2+len(m.Layers)+len(m.Children))
		list = append(list, s.number(digest))
		if m.Config != nil {
			list = append(list, s.number(m.Config.Digest))
		}
		for _, l := range m.Layers {
			list = append(list, s.number(l.Digest))
		}
		for _, c := range m.Children {
			list = append(list, s.number(c))
		}
	}
	s.needs[digest] = list
	return list
}

// count starts a new sum in which each blob counts once.
func (s *survey) count() *tally {
	s.counts++
	return &tally{survey: s, id: s.counts}
}

type tally struct {
	*survey
	id      int32
	bytes   int64
	unknown int
}

func (t *tally) add(blobs []int32) {
	for _, b := range blobs {
		switch {
		case t.seen[b] == t.id:
			continue
		case t.size[b] < 0:
			t.unknown++
		default:
			t.bytes += t.size[b]
		}
		if t.unread[b] {
			t.unknown++
		}
		t.seen[b] = t.id
	}
}

func (s *survey) newHolder(repository, image int32) int32 {
	s.who = append(s.who, holder{repository, image})
	return int32(len(s.who) - 1)
}
