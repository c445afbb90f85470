package pattern

import "github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/estimate"

// NotSized as k of [Tree.Count] is a key that is counted without its size.
const NotSized = int8(-1)

// Count counts a key of size bytes that was picked as one of 2^k keys of its place,
// or one that was not sized: k is then NotSized and size has no meaning. Which it
// is must be decided before the size is known. It returns how many keys the place
// has now. Any k but 0 needs [Options.Detailed].
func (t *Tree) Count(key []byte, k int8, size int64) int64 {
	t.total.count(size, k, t.detailed)
	s := t.home(key, k >= 0 && t.heavy(size))
	s.count(size, k, t.detailed)
	if t.pending != 0 && k >= 0 {
		t.folded.add(t.pending, size<<k)
	}
	keys := s.Keys
	t.bound()
	return keys
}

// CountPage counts a key that a random page of a database named. Pages are dealt to
// the replicates of [estimate.Replicates] in turn.
func (t *Tree) CountPage(key []byte, page int, size int64) int64 {
	t.total.countPage(size, page)
	s := t.home(key, t.heavy(size))
	s.countPage(size, page)
	if t.pending != 0 {
		t.folded.add(t.pending, size)
	}
	keys := s.Keys
	t.bound()
	return keys
}

func (t *Tree) bound() {
	if t.nodes > t.maxNodes {
		t.compact()
	}
}

// Plan returns k for the next key of key's place: its size should be asked with
// probability 2^-k. Policy is asked for k when the place is new, and again when it
// has as many keys as policy said, or a key far bigger than all before.
func (t *Tree) Plan(key []byte, policy func(Stats) (k int8, until int64)) int8 {
	s := t.home(key, false)
	if s.more == nil {
		s.more = &more{}
	}
	if m := s.more; s.Keys >= m.until {
		m.k, m.until = policy(*s)
	}
	return s.more.k
}

// Describe adds what one key of the tree turned out to be.
func (t *Tree) Describe(key []byte, f Facts) {
	s := t.home(key, false)
	if s.more == nil {
		s.more = &more{}
	}
	if s.more.detail == nil {
		s.more.detail = &Detail{}
	}
	s.more.detail.add(f)
}

// home is where a key is counted.
func (t *Tree) home(key []byte, heavy bool) *Stats {
	for i := range t.pins {
		if t.pins[i].glob.Match(key) {
			t.pending = 0
			return &t.pins[i].stats
		}
	}
	return &t.place(key, heavy).own
}

// Weigh makes each key of random pages stand for factor of them, so that trees of
// databases of which different parts were seen can be merged.
func (t *Tree) Weigh(factor float64) {
	t.total.weigh(factor)
	for i := range t.pins {
		t.pins[i].stats.weigh(factor)
	}
	t.root.weigh(factor)
}

func (n *node) weigh(factor float64) {
	n.own.weigh(factor)
	for _, kid := range n.wilds {
		kid.weigh(factor)
	}
	for _, kid := range n.lits {
		kid.weigh(factor)
	}
}

func (s *Stats) countPage(size int64, page int) {
	if s.more == nil {
		s.more = &more{}
	}
	if s.more.pages == nil {
		s.more.pages = &estimate.Replicates{}
	}
	s.add(size, 1)
	s.more.sizes.Add(size, 1)
	s.more.pages.Add(page%estimate.Groups, size, 1)
}

func (s *Stats) weigh(factor float64) {
	if s.more != nil && s.more.pages != nil {
		s.more.pages.Scale(factor)
		s.more.sizes.scale(factor)
		s.more.each = factor
	}
}

// Of estimates the keys and bytes of the set, of which random pages named some,
// among total keys of the whole that the same pages are of.
func (s Stats) Of(whole Stats, total int64) (keys, bytes estimate.Interval) {
	if s.more == nil || s.more.pages == nil || whole.more == nil || whole.more.pages == nil {
		return estimate.Interval{}, estimate.Interval{}
	}
	return s.more.pages.Of(whole.more.pages, total)
}
