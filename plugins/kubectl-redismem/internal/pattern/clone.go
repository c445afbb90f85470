package pattern

import "slices"

// Clone copies a tree, so that one can be read while the other grows. Bounds on what
// names have lost are not in the copy.
func (t *Tree) Clone() *Tree {
	c := &Tree{cut: t.cut, depth: t.depth, maxNodes: t.maxNodes, nodes: t.nodes, detailed: t.detailed}
	c.pins = slices.Clone(t.pins)
	for i := range c.pins {
		c.pins[i].stats = c.pins[i].stats.clone()
	}
	c.root = *t.root.clone()
	c.root.cloneStats()
	c.total = t.total.clone()
	return c
}

func (n *node) cloneStats() {
	n.own = n.own.clone()
	for _, kid := range n.wilds {
		kid.cloneStats()
	}
	for _, kid := range n.lits {
		kid.cloneStats()
	}
}

func (s Stats) clone() Stats {
	if s.more != nil {
		s.more = s.more.clone()
	}
	return s
}
