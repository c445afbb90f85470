package pattern

import "hash/maphash"

// folded bounds how many bytes one name can have lost to a "*" because the tree ran
// out of nodes. Names that are folded are counted in a count-min sketch (Cormode and
// Muthukrishnan, 2005), which never says too little: many names share a counter, and
// of a name's counters the least one counts.
type folded struct {
	seed   maphash.Seed
	counts [sketchRows][sketchWidth]int64
	most   int64 // of the estimates so far
	before int64 // of trees that were merged into this one
}

const (
	sketchRows  = 4
	sketchWidth = 1 << 12
)

func newFolded() *folded { return &folded{seed: maphash.MakeSeed()} }

// name identifies a name by where it stands and what it is, 0 is none. Two may have
// the same hash: the bound only grows by that.
func (f *folded) name(parent, label []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(f.seed)
	_, _ = h.Write(parent) // never fails
	_ = h.WriteByte(0)
	_, _ = h.Write(label)
	return h.Sum64() | 1
}

func (f *folded) add(name uint64, bytes int64) {
	least := int64(-1)
	for row := range sketchRows {
		c := &f.counts[row][name>>(1+12*row)&(sketchWidth-1)]
		*c += bytes
		if least < 0 || *c < least {
			least = *c
		}
	}
	f.most = max(f.most, least)
}

func (f *folded) bound() int64 {
	if f == nil {
		return 0
	}
	return f.most + f.before
}

// ErrorBound is the most bytes that any one pattern can have lost to a "*" since
// names were merged to bound our own memory; 0 if none were. Names that only
// [Tree.Summary] and [Tree.Groups] fold for the reader are not in it.
func (t *Tree) ErrorBound() int64 { return t.folded.bound() }

// fold counts a name that goes to "*" for want of nodes.
func (t *Tree) fold(parent string, label []byte, bytes int64) {
	if t.folded == nil {
		t.folded = newFolded()
	}
	t.folded.add(t.folded.name([]byte(parent), label), bytes)
}
