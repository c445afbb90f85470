package pattern

import (
	"slices"
	"strings"
)

// Group is a set of keys with names of one shape.
type Group struct {
	// Pattern is the names' shape in Redis's glob syntax, printable whatever the
	// keys contain; see [AppendEscaped]. It is "" for the key with the empty name.
	Pattern string
	// Shape is the same with what stands for each *: session:<uuid>:cart. It is
	// printable, too.
	Shape string
	// Path is Pattern in parts, each with the separator that ends it: session:, *:,
	// cart.
	Path []string
	// Pinned groups were asked for and hold exactly the keys that their glob
	// matches, less those of earlier pins.
	Pinned bool
	Stats
}

const (
	// manyNames is the number of different names in one place from which on the
	// rare ones are taken for IDs.
	manyNames = 128
	// rareName is the share of its place, in keys and bytes, below which one of
	// many names is rare.
	rareName = 512
)

// Groups returns the pinned groups in the order of [Options.Pins], empty ones
// included, and then all others in no particular order. Together they add up to
// [Tree.Total]. The tree stays as it is and may go on growing.
func (t *Tree) Groups() []Group {
	return t.view().groups(t.pinned(), trail{cut: t.cut})
}

func (t *Tree) pinned() []Group {
	var groups []Group
	for _, p := range t.pins {
		groups = append(groups, Group{Pattern: p.glob.String(), Shape: p.glob.String(), Path: []string{p.glob.String()}, Pinned: true, Stats: p.stats})
	}
	return groups
}

// view is a copy of the tree without what a reader would take for noise.
func (t *Tree) view() *node {
	view := t.root.clone()
	view.joinNumbered(t.cut)
	view.merge(t.cut, rareNames, nil)
	return view
}

// numberedRatio is how many times more keys the longer numbers of a series must
// have than a short one to take it in.
const numberedRatio = 8

// joinNumbered moves order1 and order12, which alone look like names, to order*
// where the long numbers of the same series are. A heavy one, such as v2 beside
// some v123, stays a name.
func (n *node) joinNumbered(cut *cutter) {
	for _, head := range slices.Clone(n.lits) { // heads have no digits, so none of them goes
		if len(head.wilds) == 0 || cut.ending([]byte(head.label)) != "" {
			continue
		}
		series := head.sum().Keys
		n.lits = slices.DeleteFunc(n.lits, func(kid *node) bool {
			ending := cut.ending([]byte(kid.label))
			number, ok := strings.CutPrefix(strings.TrimSuffix(kid.label, ending), head.label)
			if !ok || number == "" || strings.Trim(number, "0123456789") != "" || kid.sum().Keys*numberedRatio > series {
				return false
			}
			head.wild(ending).absorb(kid)
			return true
		})
	}
	n.index = nil
	n.reindex()
	for _, kid := range n.wilds {
		kid.joinNumbered(cut)
	}
	for _, kid := range n.lits {
		kid.joinNumbered(cut)
	}
}

// rareNames tells [node.merge] what a reader would take for noise: rare names
// among many.
func rareNames(n *node) (threshold, int) {
	if len(n.lits) > manyNames || n.closed {
		return threshold{n.sum(), rareName}, 1
	}
	// Among very many IDs a few look like names, such as hex without a digit.
	ids := int64(0)
	for _, w := range n.wilds {
		ids += w.sum().Keys
	}
	if whole := n.sum(); ids > whole.Keys-whole.Keys/mostlyIDs {
		return threshold{whole, loneName}, 1
	}
	return threshold{}, 0
}

const (
	mostlyIDs = 100    // one in so many keys of the place may be something else
	loneName  = 10_000 // a name that has less than one in so many keys is one of them
)

// trail is the way to a node.
type trail struct {
	cut            *cutter
	pattern, shape []byte
	ends           []int // of the parts of pattern
}

// step goes on to a child, which stands for text in patterns and shape in shapes.
func (t trail) step(text, shape, label string) trail {
	t.pattern = AppendEscaped(append(t.pattern, text...), label)
	t.shape = AppendEscaped(append(t.shape, shape...), label)
	if label != "" && t.cut.ending([]byte(label)) != "" {
		t.ends = append(t.ends, len(t.pattern))
	}
	return t
}

func (t trail) path() (parts []string) {
	from := 0
	for _, end := range t.ends {
		parts, from = append(parts, string(t.pattern[from:end])), end
	}
	if from < len(t.pattern) {
		parts = append(parts, string(t.pattern[from:]))
	}
	return parts
}

// groups appends those of n and below. Each child continues in the memory behind its
// parent's trail, one after the other.
func (n *node) groups(out []Group, at trail) []Group {
	if n.own.Keys > 0 {
		out = append(out, Group{Pattern: string(at.pattern), Shape: string(at.shape), Path: at.path(), Stats: n.own})
	}
	for _, w := range n.wilds {
		out = w.groups(out, at.step("*", w.shape(), w.label))
	}
	for _, kid := range n.lits {
		out = kid.groups(out, at.step("", "", kid.label))
	}
	return out
}
