package pattern

import (
	"cmp"
	"slices"
)

// DefaultSeparators end a token. They are the characters that key naming schemes
// in the wild use; braces are among them because of Redis Cluster's hash tags,
// as in {user:1}:cart.
const DefaultSeparators = ":/|.-_#@,;={} "

const (
	uuidLen = 36
	// maxLiteral is the longest token that is kept as a name. Longer ones are
	// data, and keeping them would let a 512 KB key name into the tree.
	maxLiteral = 64
	minHex     = 8  // shorter hex strings are often words or short codes
	minHexWord = 16 // all letters, such as "deadbeef", needs to be longer still
	minOpaque  = 16 // ULID, KSUID, base62 and the like
	minTail    = 3  // digits after a word: order123 is order*, sha1 and db12 are names
)

// cutter splits keys into tokens. It works on bytes: a key need not be text.
type cutter struct {
	class [256]class    // with those of separators
	stems [256][]string // by their first byte, the longest first; see Options.Stems
}

func newCutter(separators string, stems []string) *cutter {
	var c cutter
	for _, s := range stems {
		c.stems[s[0]] = append(c.stems[s[0]], s)
	}
	for _, of := range c.stems {
		slices.SortFunc(of, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	}
	c.class = classes
	for i := range len(separators) {
		c.class[separators[i]] |= separator
	}
	return &c
}

// token is one step from a key's start to its end.
type token struct {
	label []byte // with the separator that ends it; only the separator if wild
	kind  kindOf // of an identifier
	wild  bool   // an identifier, whose value says nothing about the key's kind
	full  bool   // ends at a separator or at the key's end, not inside a word
}

// next cuts the first token off key, which must not be empty.
func (c *cutter) next(key []byte) (t token, rest []byte) {
	if end, kind := c.typed(key); end > 0 {
		return c.wild(key, end, kind)
	}
	end, k := c.scan(key)
	if end < len(key) && maybeEmail[key[end]] {
		if at := c.email(key); at > 0 {
			return c.wild(key, at, isEmail)
		}
	}
	if stem := c.stem(key[:end]); stem > 0 {
		return token{label: key[:stem]}, key[stem:]
	}
	switch {
	case end > maxLiteral:
		return c.wild(key, end, isID)
	case k.identifier(end):
		return c.wild(key, end, k.of(key[:end]))
	case k.tail >= minTail && k.tail < end && k.tail+k.alpha == end:
		return token{label: key[:end-k.tail]}, key[end-k.tail:]
	}
	end = min(end+1, len(key))
	return token{label: key[:end], full: true}, key[end:]
}

func (c *cutter) wild(key []byte, end int, kind kindOf) (token, []byte) {
	after := min(end+1, len(key))
	return token{label: key[end:after], kind: kind, wild: true, full: true}, key[after:]
}

func (c *cutter) separates(b byte) bool { return c.class[b]&separator != 0 }

// stem returns the length of the stem that a token begins with and goes on after, or
// 0.
func (c *cutter) stem(token []byte) int {
	if len(token) == 0 {
		return 0
	}
	for _, s := range c.stems[token[0]] {
		if len(token) > len(s) && string(token[:len(s)]) == s {
			return len(s)
		}
	}
	return 0
}

// uuid returns the length of a UUID at the start of key, or 0. It is looked for
// before the key is split, because its hyphens are separators elsewhere.
func (c *cutter) uuid(key []byte) int {
	if len(key) < uuidLen || key[8] != '-' || key[13] != '-' || key[18] != '-' || key[23] != '-' {
		return 0
	}
	if len(key) > uuidLen && !c.separates(key[uuidLen]) {
		return 0
	}
	for i, b := range key[:uuidLen] {
		if classes[b]&hexDigit == 0 && (b != '-' || i != 8 && i != 13 && i != 18 && i != 23) {
			return 0
		}
	}
	return uuidLen
}

// ending is the separator at the end of a literal label, or "".
func (c *cutter) ending(label []byte) string {
	if c.separates(label[len(label)-1]) {
		return string(label[len(label)-1:])
	}
	return ""
}

// kind is what one pass over a token learns about it.
type kind struct {
	digits, hex, alpha int // how many bytes are such
	tail               int // length of the run of digits at the end
	changes            int // between digit and letter
}

// scan finds the end of the first token of key.
func (c *cutter) scan(key []byte) (end int, k kind) {
	wasDigit, wasLetter := 0, 0
	for i, b := range key {
		cl := c.class[b]
		if cl&separator != 0 {
			return i, k
		}
		// No branches: which bytes come is what no processor can foretell.
		isDigit, isLetter := int(cl&digit), int(cl&letter/letter)
		k.hex += int(cl & hexDigit / hexDigit)
		k.digits += isDigit
		k.alpha += isLetter
		k.tail = (k.tail + 1) & -isDigit
		k.changes += isDigit&wasLetter | isLetter&wasDigit
		wasDigit, wasLetter = isDigit, isLetter
	}
	return len(key), k
}

// identifier reports whether a token of n bytes is a number, a hex string or an
// opaque ID.
func (k kind) identifier(n int) bool {
	switch {
	case n == 0:
		return false
	case k.digits == n:
		return true
	case k.hex == n && (n >= minHex && k.digits > 0 || n >= minHexWord):
		return true
	case n >= minOpaque && k.digits+k.alpha == n && k.changes >= 3:
		return true
	}
	return false
}

type class byte

const (
	digit class = 1 << iota
	letter
	hexDigit
	separator
)

var classes = func() (table [256]class) {
	for b := '0'; b <= '9'; b++ {
		table[b] = digit | hexDigit
	}
	for b := 'a'; b <= 'z'; b++ {
		table[b] |= letter
		table[b-'a'+'A'] |= letter
	}
	for b := 'a'; b <= 'f'; b++ {
		table[b] |= hexDigit
		table[b-'a'+'A'] |= hexDigit
	}
	return table
}()
