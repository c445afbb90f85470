package pattern

// node is a point in the tree of tokens: all keys that begin with the labels on
// the way to it. Own counts the keys that end here.
type node struct {
	label  string // literal: token and separator; wild: separator only
	own    Stats
	wilds  []*node // one per separator
	lits   []*node // literal children, in order of appearance
	index  map[string]*node
	closed bool            // new literal children go to "*": the names here are IDs
	kinds  *[kindsOf]int64 // of a wild: what its identifiers looked like
}

// saw counts an identifier of a wild.
func (n *node) saw(kind kindOf, times int64) {
	if n.kinds == nil {
		n.kinds = &[kindsOf]int64{}
	}
	n.kinds[kind] += times
}

// shape is what most identifiers of a wild look like: "*" unless nearly all of them
// look the same.
func (n *node) shape() string {
	if n.kinds == nil {
		return shapes[isAny]
	}
	const nearlyAll = 20 // one in so many may be something else
	sum, most := int64(0), isAny
	for kind, times := range n.kinds {
		sum += times
		if times > n.kinds[most] {
			most = kindOf(kind)
		}
	}
	if n.kinds[most] < sum-sum/nearlyAll {
		return shapes[isAny]
	}
	return shapes[most]
}

// maxUnindexed children are found faster by looking at each than by hashing.
const maxUnindexed = 8

func (n *node) literal(label []byte) *node {
	if n.index != nil {
		return n.index[string(label)]
	}
	for _, kid := range n.lits {
		if kid.label == string(label) {
			return kid
		}
	}
	return nil
}

func (n *node) addLiteral(label string) *node {
	kid := &node{label: label}
	n.lits = append(n.lits, kid)
	n.reindex()
	return kid
}

// reindex brings the index in line with the literal children.
func (n *node) reindex() {
	switch {
	case len(n.lits) <= maxUnindexed:
		n.index = nil
	case n.index == nil || len(n.index) >= len(n.lits): // too new, or children left
		n.index = make(map[string]*node, len(n.lits))
		for _, kid := range n.lits {
			n.index[kid.label] = kid
		}
	default:
		kid := n.lits[len(n.lits)-1]
		n.index[kid.label] = kid
	}
}

// sum is the weight of n and all below it.
func (n *node) sum() Stats {
	s := n.own.weight()
	for _, kid := range n.wilds {
		s.Merge(kid.sum())
	}
	for _, kid := range n.lits {
		s.Merge(kid.sum())
	}
	return s
}

// whole is all that is known of n and what is below it.
func (n *node) whole() Stats {
	s := n.own
	for _, kid := range n.wilds {
		s.Merge(kid.whole())
	}
	for _, kid := range n.lits {
		s.Merge(kid.whole())
	}
	return s
}

// count is the number of nodes below n.
func (n *node) count() int {
	c := len(n.wilds) + len(n.lits)
	for _, kid := range n.wilds {
		c += kid.count()
	}
	for _, kid := range n.lits {
		c += kid.count()
	}
	return c
}

// absorb moves all of other, and what is below it, into n.
func (n *node) absorb(other *node) {
	n.own.Merge(other.own)
	n.closed = n.closed || other.closed
	if other.kinds != nil {
		for kind, times := range other.kinds {
			n.saw(kindOf(kind), times)
		}
	}
	for _, w := range other.wilds {
		n.wild(w.label).absorb(w)
	}
	for _, kid := range other.lits {
		mine := n.literal([]byte(kid.label))
		if mine == nil {
			mine = n.addLiteral(kid.label)
		}
		mine.absorb(kid)
	}
}

// wild returns the child that stands for any token before separator.
func (n *node) wild(separator string) *node {
	for _, w := range n.wilds {
		if w.label == separator {
			return w
		}
	}
	w := &node{label: separator}
	n.wilds = append(n.wilds, w)
	return w
}

// clone copies n and all below it.
func (n *node) clone() *node {
	c := &node{label: n.label, own: n.own, closed: n.closed}
	if n.kinds != nil {
		kinds := *n.kinds
		c.kinds = &kinds
	}
	for _, w := range n.wilds {
		c.wilds = append(c.wilds, w.clone())
	}
	for _, kid := range n.lits {
		c.lits = append(c.lits, kid.clone())
	}
	c.reindex()
	return c
}
