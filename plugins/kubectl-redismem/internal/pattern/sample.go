package pattern

// NotSized as k of [Tree.Count] is a key that is counted without its size.
const NotSized = int8(-1)

// Count counts a key of size bytes that was picked as one of 2^k keys of its place,
// or one that was not sized: k is then NotSized and size has no meaning. Which it
// is must be decided before the size is known.
func (t *Tree) Count(key []byte, k int8, size int64) {
	t.total.count(size, k, t.detailed)
	for i := range t.pins {
		if t.pins[i].glob.Match(key) {
			t.pins[i].stats.count(size, k, t.detailed)
			return
		}
	}
	t.place(key, k >= 0 && t.heavy(size)).own.count(size, k, t.detailed)
	if t.nodes > t.maxNodes {
		t.compact()
	}
}

// Peek returns what is known of the place that a key would be counted at, and
// whether it is a new one.
func (t *Tree) Peek(key []byte) Stats {
	return *t.at(key)
}

// Describe adds what one key of the tree turned out to be.
func (t *Tree) Describe(key []byte, f Facts) {
	s := t.at(key)
	if s.more == nil {
		s.more = &more{}
	}
	if s.more.detail == nil {
		s.more.detail = &Detail{}
	}
	s.more.detail.add(f)
}

func (t *Tree) at(key []byte) *Stats {
	for i := range t.pins {
		if t.pins[i].glob.Match(key) {
			return &t.pins[i].stats
		}
	}
	return &t.place(key, false).own
}
