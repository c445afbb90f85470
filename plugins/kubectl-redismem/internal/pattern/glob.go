package pattern

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Glob is a pattern in the syntax of Redis's KEYS and SCAN: * ? [a-z] [^a] and a
// backslash that takes the next character as it is. Beyond that \xNN is a byte
// and \uNNNN or \UNNNNNNNN a character, so that the patterns of a report are
// globs, whatever the keys are. It matches bytes.
type Glob struct {
	shown  string
	text   string // without \xNN and \uNNNN
	prefix []byte // set if the glob is plain text and one star at the end
}

// NewGlob compiles text. Every text is a glob: like Redis, an unclosed bracket
// ends at the end of the text.
func NewGlob(text string) Glob {
	g := Glob{shown: printable(text), text: decode(text)}
	if head, ok := strings.CutSuffix(g.text, "*"); ok && !strings.ContainsAny(head, `*?[\`) {
		g.prefix = []byte(head)
	}
	return g
}

// String is the glob as it was written, with \xNN and \uNNNN for whatever is not
// printable.
func (g Glob) String() string { return g.shown }

// decode replaces \xNN and its like by the bytes, each after a backslash if a
// glob could take it for something else.
func decode(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b []byte
	for i := 0; i < len(text); {
		if text[i] != '\\' || i+1 == len(text) {
			b = append(b, text[i])
			i++
			continue
		}
		value, width := decodeOne(text[i:])
		if value == "" {
			b = append(b, text[i:i+2]...)
			i += 2
			continue
		}
		for _, c := range []byte(value) {
			if strings.IndexByte(`*?[]\^-`, c) >= 0 {
				b = append(b, '\\')
			}
			b = append(b, c)
		}
		i += width
	}
	return string(b)
}

// decodeOne decodes the escape that text begins with. The value is "" if it is
// an ordinary one.
func decodeOne(text string) (value string, width int) {
	width = map[byte]int{'x': 4, 'u': 6, 'U': 10}[text[1]]
	if width == 0 || len(text) < width {
		return "", 0
	}
	n, err := strconv.ParseUint(text[2:width], 16, 32)
	switch {
	case err != nil:
		return "", 0
	case text[1] == 'x':
		return string([]byte{byte(n)}), width
	}
	return string(rune(n)), width
}

// printable writes what is not printable as decode reads it.
func printable(text string) string {
	var b []byte
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if text[i] == '\\' && i+1 < len(text) {
			next, width := utf8.DecodeRuneInString(text[i+1:])
			if plain(next, width) {
				b = append(b, text[i:i+1+width]...)
				i += 1 + width
				continue
			}
			i++ // the escape needs no backslash before it
			r, n = next, width
		}
		if plain(r, n) {
			b = append(b, text[i:i+n]...)
		} else {
			b = AppendEscaped(b, text[i:i+n])
		}
		i += n
	}
	return string(b)
}

func plain(r rune, width int) bool {
	return unicode.IsPrint(r) && (r != utf8.RuneError || width > 1)
}

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
