package pattern

import (
	"bytes"
	"strings"
)

// Glob is a pattern in the syntax of Redis's KEYS and SCAN: * ? [a-z] [^a] and a
// backslash that takes the next character as it is. It matches bytes.
type Glob struct {
	text   string
	prefix []byte // set if the glob is plain text and one star at the end
}

// NewGlob compiles text. Every text is a glob: like Redis, an unclosed bracket
// ends at the end of the text.
func NewGlob(text string) Glob {
	g := Glob{text: text}
	if head, ok := strings.CutSuffix(text, "*"); ok && !strings.ContainsAny(head, `*?[\`) {
		g.prefix = []byte(head)
	}
	return g
}

func (g Glob) String() string { return g.text }

// Match reports whether the whole of key matches.
func (g Glob) Match(key []byte) bool {
	if g.prefix != nil {
		return bytes.HasPrefix(key, g.prefix)
	}
	return match(g.text, key)
}

// match goes back only to the latest star: what an earlier one could swallow
// instead never helps, so the time is at worst len(glob) × len(key).
func match(glob string, key []byte) bool {
	g, k := 0, 0
	star, mark := -1, 0
	for k < len(key) {
		if g < len(glob) && glob[g] == '*' {
			star, mark = g, k
			g++
			continue
		}
		if g < len(glob) {
			if width, ok := matchOne(glob[g:], key[k]); ok {
				g += width
				k++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		g, k = star+1, mark
	}
	return strings.Trim(glob[g:], "*") == ""
}

// matchOne matches b against the first element of glob, width bytes long.
func matchOne(glob string, b byte) (width int, ok bool) {
	switch glob[0] {
	case '?':
		return 1, true
	case '[':
		return matchClass(glob, b)
	case '\\':
		if len(glob) > 1 {
			return 2, glob[1] == b
		}
	}
	return 1, glob[0] == b
}

func matchClass(glob string, b byte) (width int, ok bool) {
	i := 1
	negated := i < len(glob) && glob[i] == '^'
	if negated {
		i++
	}
	found := false
	for ; i < len(glob) && glob[i] != ']'; i++ {
		if glob[i] == '\\' && i+1 < len(glob) {
			i++
		}
		low, high := glob[i], glob[i]
		if i+2 < len(glob) && glob[i+1] == '-' && glob[i+2] != ']' {
			high = glob[i+2]
			i += 2
		}
		if low > high {
			low, high = high, low
		}
		found = found || low <= b && b <= high
	}
	return min(i+1, len(glob)), found != negated
}
