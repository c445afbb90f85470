package pattern

// compact brings the tree down to half its budget by merging the lightest
// literal siblings into "*". It starts with a tiny threshold and doubles it, so
// that heavy names survive as long as they can, and looks first where many light
// siblings stand together: those are IDs, while a few are rather the fields of a
// thing.
func (t *Tree) compact() {
	const (
		finest  = 1 << 16
		crowd   = 16
		coarser = 64
	)
	if t.sweep(finest, coarser, crowd) || t.sweep(finest, 1, 1) {
		return
	}
	// All names are gone; what is left is a tree of separators. Give up on the
	// deeper ones.
	for depth := 2 * maxTokens; depth > 0 && t.nodes > t.maxNodes/2; depth-- {
		t.root.flatten(depth, t.lose)
		t.nodes = t.root.count()
	}
}

// sweep merges groups of at least crowd siblings, each below 1/parts of the
// whole, for parts from finest to coarsest. It reports whether that was enough.
func (t *Tree) sweep(finest, coarsest int64, crowd int) bool {
	for parts := finest; parts >= coarsest; parts /= 2 {
		light := threshold{t.total, parts}
		t.root.merge(t.cut, func(*node) (threshold, int) { return light, crowd }, t.lose)
		if t.nodes = t.root.count(); t.nodes <= t.maxNodes/2 {
			return true
		}
	}
	return false
}

// lose counts a name, with all below it, that goes to "*" for want of nodes.
func (t *Tree) lose(parent, kid *node) { t.fold(parent.label, []byte(kid.label), kid.sum().Bytes) }

// threshold is the share 1/parts of whole.
type threshold struct {
	whole Stats
	parts int64
}

// light reports whether s is below the threshold in keys and in bytes: a few
// huge keys must not drown among many small ones, nor the reverse. The division
// cannot overflow, unlike a product.
func (l threshold) light(s Stats) bool {
	return s.Keys <= l.whole.Keys/l.parts && s.Bytes <= l.whole.Bytes/l.parts
}

// merge merges the light literal children of n, and then of what remains below:
// from the top, so that children that fall together keep what follows them.
// Limit says for a node what is light and how many must be; 0 means none.
//
// Lose is told of each child that goes; it may be nil.
func (n *node) merge(cut *cutter, limit func(*node) (threshold, int), lose func(parent, kid *node)) {
	if l, crowd := limit(n); crowd > 0 {
		sums := make([]Stats, len(n.lits))
		light := 0
		for i, kid := range n.lits {
			if sums[i] = kid.sum(); l.light(sums[i]) {
				light++
			}
		}
		if light >= crowd {
			n.mergeLight(func(i int) bool { return l.light(sums[i]) }, cut, lose)
		}
	}
	for _, w := range n.wilds {
		w.merge(cut, limit, lose)
	}
	for _, kid := range n.lits {
		kid.merge(cut, limit, lose)
	}
}

// mergeLight moves the literal children that isLight picks into "*".
func (n *node) mergeLight(isLight func(i int) bool, cut *cutter, lose func(parent, kid *node)) {
	var kept []*node
	for i, kid := range n.lits {
		if !isLight(i) {
			kept = append(kept, kid)
			continue
		}
		if lose != nil {
			lose(n, kid)
		}
		n.absorbAsWild(kid, cut)
	}
	merged := len(n.lits) - len(kept)
	if merged == 0 {
		return
	}
	n.lits, n.index = kept, nil
	n.reindex()
	n.closed = n.closed || merged >= minClosing
}

// minClosing names merged at once say that this is a place for IDs. A few may be
// just rare, and their place may get a heavy name yet.
const minClosing = 16

// absorbAsWild moves a literal child's keys to where they would be if its name
// had been taken for an ID.
func (n *node) absorbAsWild(kid *node, cut *cutter) {
	ending := cut.ending([]byte(kid.label))
	if ending != "" {
		n.wild(ending).absorb(kid)
		return
	}
	// The word before a number: the two together are one ID. Nothing but
	// numbers follows it.
	if kid.own.Keys > 0 {
		n.wild("").own.Merge(kid.own)
	}
	for _, w := range kid.wilds {
		n.wild(w.label).absorb(w)
	}
}

// flatten folds everything more than depth steps below n into one "*".
func (n *node) flatten(depth int, lose func(parent, kid *node)) {
	if depth > 1 {
		for _, kid := range n.wilds {
			kid.flatten(depth-1, lose)
		}
		for _, kid := range n.lits {
			kid.flatten(depth-1, lose)
		}
		return
	}
	rest := &node{}
	for _, kid := range append(n.wilds, n.lits...) {
		lose(n, kid)
		rest.own.Merge(kid.whole())
	}
	n.wilds, n.lits, n.index = nil, nil, nil
	if rest.own.Keys > 0 {
		n.wilds = []*node{rest}
	}
	n.closed = true
}
