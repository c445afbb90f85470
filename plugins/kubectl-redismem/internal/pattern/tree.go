// Package pattern groups keys by the shape of their names.
//
// A key is cut into tokens at separators; tokens that identify one thing among
// many (numbers, UUIDs, hex strings, opaque IDs) become "*". So BOOK-123 counts
// under BOOK-*, and session:9f2c…:cart under session:*:cart.
//
// The names are learned from the stream, in bounded memory: when the tree of
// tokens grows beyond its budget, the lightest siblings are merged into "*",
// with what follows them kept. Nothing is ever dropped: at any time the groups
// add up to exactly what was added, whatever the keys are.
package pattern

// DefaultMaxNodes is a tree of about 3 MB.
const DefaultMaxNodes = 10_000

// maxTokens bounds how deep a key made of separators can reach.
const maxTokens = 16

// Options say how keys are grouped. The zero value is what most people want.
type Options struct {
	Separators string   // bytes that end a token; "" means [DefaultSeparators]
	Stems      []string // words, not empty, that end within a token; see [Options.Learn]
	Depth      int      // tokens of a key that are looked at; 0 means all
	Pins       []string // globs whose keys form groups of their own, first match wins
	MaxNodes   int      // bound on memory; 0 means [DefaultMaxNodes]
	// Detailed keeps the distribution of sizes of each group. Sampling needs it.
	Detailed bool
}

// Tree collects keys. It is not safe for concurrent use.
type Tree struct {
	cut      *cutter
	depth    int
	maxNodes int
	pins     []pin
	root     node
	nodes    int
	detailed bool
	total    Stats
	folded   *folded // nil as long as no name was folded
	pending  uint64  // name that the last place folded, whose bytes are not known yet; 0 is none
}

type pin struct {
	glob  Glob
	stats Stats
}

// New returns an empty tree.
func New(o Options) *Tree {
	if o.Separators == "" {
		o.Separators = DefaultSeparators
	}
	if o.Depth <= 0 || o.Depth > maxTokens {
		o.Depth = maxTokens
	}
	if o.MaxNodes <= 0 {
		o.MaxNodes = DefaultMaxNodes
	}
	t := &Tree{cut: newCutter(o.Separators, o.Stems), depth: o.Depth, maxNodes: o.MaxNodes, detailed: o.Detailed}
	for _, p := range o.Pins {
		t.pins = append(t.pins, pin{glob: NewGlob(p)})
	}
	return t
}

// Total is the sum of all that was added.
func (t *Tree) Total() Stats { return t.total }

// Add counts a key. It keeps no reference to key.
func (t *Tree) Add(key []byte, size int64) { t.Count(key, 0, size) }

// heavy reports whether one key is so large that its name matters even where
// names are IDs: it may be the reason why somebody looks.
func (t *Tree) heavy(size int64) bool { return size > t.total.Bytes/rareName }

// place returns the node of key's pattern, creating it where needed.
func (t *Tree) place(key []byte, heavy bool) *node {
	n := &t.root
	t.pending = 0
	for depth := 0; len(key) > 0; {
		if depth >= t.depth {
			return t.wild(n, "")
		}
		var tok token
		tok, key = t.cut.next(key)
		if !tok.full && n.closed && !heavy && n.literal(tok.label) == nil {
			tok, key = t.cut.next(key) // a name that counts as an ID takes its digits along
		}
		if tok.full {
			depth++
		}
		n = t.step(n, tok, heavy)
	}
	return n
}

func (t *Tree) step(n *node, tok token, heavy bool) *node {
	if tok.wild {
		w := t.wild(n, string(tok.label)) // one byte at most: no allocation
		w.saw(tok.kind, 1)
		return w
	}
	if kid := n.literal(tok.label); kid != nil {
		return kid
	}
	if n.closed && !heavy {
		// Its names are IDs: what follows them is kept, they are not.
		if t.folded == nil {
			t.folded = newFolded()
		}
		if t.pending == 0 {
			t.pending = t.folded.name([]byte(n.label), tok.label)
		}
		return t.wild(n, t.cut.ending(tok.label))
	}
	t.nodes++
	return n.addLiteral(string(tok.label))
}

// wild returns the child of n that stands for any token before separator.
func (t *Tree) wild(n *node, separator string) *node {
	before := len(n.wilds)
	w := n.wild(separator)
	t.nodes += len(n.wilds) - before
	return w
}
