package usage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// local is one repository as numbers: its manifests, and what belongs to each.
type local struct {
	digests []string
	numbers map[string]int32
	belongs [][]int32 // children of an index, and what refers to a manifest
	held    []holders
	seen    []int32
}

func (s *survey) local(r *graph.Repository) *local {
	l := &local{numbers: make(map[string]int32, len(r.Linked))}
	for _, d := range r.Linked {
		if _, twice := l.numbers[d]; !twice && !s.without[graph.Ref{Repository: r.Name, Digest: d}] {
			l.numbers[d] = int32(len(l.digests))
			l.digests = append(l.digests, d)
		}
	}
	l.belongs, l.held, l.seen = make([][]int32, len(l.digests)), make([]holders, len(l.digests)), make([]int32, len(l.digests))
	tie := func(to, digest string) {
		if from, ok := l.numbers[to]; ok {
			if n, ok := l.numbers[digest]; ok {
				l.belongs[from] = append(l.belongs[from], n)
			}
		}
	}
	for _, d := range l.digests {
		if m := s.graph.Manifests[d]; m != nil {
			tie(m.Subject, d)
			for _, c := range m.Children {
				tie(d, c)
			}
		}
	}
	for _, t := range r.Tags {
		tie(graph.AttachedTo(t.Name), t.Digest)
	}
	return l
}

// images are what tags name: each digest once, with all its tags. A tag of a signature
// whose subject is there belongs to that, and makes no image.
func (s *survey) images(r *graph.Repository, l *local, out *Repository) []Image {
	byDigest := map[string]int{}
	var list []Image
	for _, t := range r.Tags {
		out.Tags++
		if t.Digest == "" {
			out.Ghosts++
		}
		if subject := graph.AttachedTo(t.Name); subject != "" {
			out.Attached++
			if _, there := l.numbers[subject]; there && subject != t.Digest {
				continue
			}
		}
		if _, linked := l.numbers[t.Digest]; !linked {
			continue
		}
		i, ok := byDigest[t.Digest]
		if !ok {
			i = len(list)
			byDigest[t.Digest] = i
			list = append(list, Image{Digest: t.Digest})
			if m := s.graph.Manifests[t.Digest]; m != nil {
				list[i].Created = m.Created
			}
		}
		list[i].Tags = append(list[i].Tags, t.Name)
		if t.Pushed.After(list[i].Pushed) {
			list[i].Pushed = t.Pushed
		}
	}
	slices.SortStableFunc(list, func(a, b Image) int { return strings.Compare(a.Tags[0], b.Tags[0]) })
	return list
}

// look counts what the repository and its images need, and notes who needs it.
func (s *survey) look(index int32, r *graph.Repository) {
	out := &s.repos[index]
	out.Name, out.Untagged.Known = r.Name, r.Complete && r.Failed == ""
	l := s.local(r)
	out.Images = s.images(r, l, out)
	for i := range out.Images {
		image := &out.Images[i]
		sum := s.count()
		for _, m := range l.walk(l.numbers[image.Digest], s.newHolder(index, int32(i))) {
			sum.add(s.blobs(l.digests[m]))
		}
		image.Bytes, image.UnknownSizes = sum.bytes, sum.unknown
	}
	sum := s.count()
	var untagged []int32
	for m, d := range l.digests {
		if l.held[m].a == 0 {
			untagged = append(untagged, int32(m))
			continue
		}
		sum.add(s.blobs(d))
	}
	out.TaggedBytes = sum.bytes
	if out.Untagged.Manifests = len(untagged); len(untagged) > 0 {
		them := s.newHolder(index, -1)
		for _, m := range untagged {
			l.walk(m, them)
		}
	}
	for m, d := range l.digests {
		blobs := s.blobs(d)
		sum.add(blobs)
		for _, b := range blobs {
			s.held[b].join(l.held[m])
			switch s.repository[b] {
			case nobody, index:
				s.repository[b] = index
			default:
				s.repository[b] = several
			}
		}
	}
	out.Bytes, out.UnknownSizes = sum.bytes, sum.unknown
}

// walk notes that h holds manifest m and all that belongs to it, and lists these.
func (l *local) walk(m, h int32) []int32 {
	var list []int32
	add := func(m int32) {
		if l.seen[m] != h {
			l.seen[m] = h
			l.held[m].add(h)
			list = append(list, m)
		}
	}
	add(m)
	for i := 0; i < len(list); i++ {
		for _, next := range l.belongs[list[i]] {
			add(next)
		}
	}
	return list
}

// biggest is the order of a list of sharers: the biggest first, then by name.
func biggest(a, b Sharer) int {
	return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.Repository, b.Repository), strings.Compare(a.Digest, b.Digest))
}
