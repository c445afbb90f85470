package pattern

import (
	"cmp"
	"slices"
)

const (
	// tooMuchOther is the share, one in so many bytes, that groups beyond the
	// top may have before more names are folded.
	tooMuchOther = 5
	// A name is folded at most if its share is below one in heavyAlike where
	// siblings are built alike, or one in heavyCrowd in a big crowd.
	heavyAlike = 16
	heavyCrowd = 64
	fewAlike   = 8 // siblings that are built alike say that they are IDs
)

// Summary is [Tree.Groups] for a reader who looks at the top groups only. While
// too much of the memory would be in none of them, it folds more names into "*",
// the lightest first: those of siblings that are followed by the same names, as
// in acme:cart, acme:invoice, zenith:cart; and then those of big crowds.
func (t *Tree) Summary(top int) []Group {
	view := t.view()
	for _, step := range []struct {
		finest, coarsest int64
		alike            bool
	}{{1 << 14, heavyAlike, true}, {1 << 14, heavyCrowd, false}} {
		for parts := step.finest; parts >= step.coarsest && view.tooMuchOther(t.cut, top); parts /= 2 {
			light := threshold{t.total, parts}
			if step.alike {
				view.mergeAlike(t.cut, light)
			} else {
				view.merge(t.cut, func(*node) (threshold, int) { return light, manyNames }, nil)
			}
		}
	}
	return view.groups(t.pinned(), trail{cut: t.cut})
}

func (n *node) tooMuchOther(cut *cutter, top int) bool {
	groups := n.groups(nil, trail{cut: cut})
	if len(groups) <= top {
		return false
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Compare(b.Bytes, a.Bytes) })
	var whole, rest Stats
	for i, g := range groups {
		whole.Merge(g.Stats)
		if i >= top {
			rest.Merge(g.Stats)
		}
	}
	return rest.Bytes > whole.Bytes/tooMuchOther
}

// mergeAlike merges light literal siblings that are followed by the same names.
func (n *node) mergeAlike(cut *cutter, l threshold) {
	if len(n.lits) >= fewAlike {
		alike := n.alike(l)
		if len(alike) >= fewAlike {
			picked := map[*node]bool{}
			for _, kid := range alike {
				picked[kid] = true
			}
			lits := n.lits
			n.mergeLight(func(i int) bool { return picked[lits[i]] }, cut, nil)
		}
	}
	for _, w := range n.wilds {
		w.mergeAlike(cut, l)
	}
	for _, kid := range n.lits {
		kid.mergeAlike(cut, l)
	}
}

// alike are the light literal children of n most of whose own literal children
// are common among them. What only IDs follow is not alike: user:1 and cart:1
// are different things.
func (n *node) alike(l threshold) []*node {
	var light []*node
	common := map[string]int{}
	for _, kid := range n.lits {
		if len(kid.lits) == 0 || !l.light(kid.sum()) {
			continue
		}
		light = append(light, kid)
		for _, grandkid := range kid.lits {
			common[grandkid.label]++
		}
	}
	return slices.DeleteFunc(light, func(kid *node) bool {
		shared := 0
		for _, grandkid := range kid.lits {
			if common[grandkid.label] >= max(fewAlike, len(light)/4) {
				shared++
			}
		}
		return shared*2 < len(kid.lits) || shared == 0
	})
}
