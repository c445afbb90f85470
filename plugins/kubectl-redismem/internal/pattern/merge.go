package pattern

// Merge moves all keys of another tree, such as another shard's, into t. Other
// must have the same options and is of no further use.
func (t *Tree) Merge(other *Tree) {
	t.total.Merge(other.total)
	for i := range t.pins {
		t.pins[i].stats.Merge(other.pins[i].stats)
	}
	t.root.absorb(&other.root)
	if lost := other.folded.bound(); lost > 0 { // of different names, or of the same one
		if t.folded == nil {
			t.folded = newFolded()
		}
		t.folded.before += lost
	}
	if t.nodes = t.root.count(); t.nodes > t.maxNodes {
		t.compact()
	}
}
