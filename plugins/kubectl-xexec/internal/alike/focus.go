package alike

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// ended reports whether the line has its newline.
func (c change) ended() bool { return bytes.HasSuffix(c.text, []byte("\n")) }

// texts are the lines of a hunk as they are shown. On a terminal each takes one
// row: of a long one that stands in for another, the part that differs.
func (o Options) texts(h []change) []string {
	out := make([]string, len(h))
	for i, c := range h {
		out[i] = strings.TrimSuffix(string(c.text), "\n")
		if o.Terminal {
			out[i] = streams.Sanitize(out[i])
		}
	}
	if !o.Terminal || o.Width < minFocus {
		return out
	}
	columns := o.Width - 1 // the sign
	for i := 0; i < len(h); {
		gone := signs(h[i:], '-')
		came := signs(h[i+gone:], '+')
		for k := range min(gone, came) {
			out[i+k], out[i+gone+k] = focus(out[i+k], out[i+gone+k], columns)
		}
		i += max(gone+came, 1)
	}
	for i := range out {
		out[i] = cut(out[i], 0, columns)
	}
	return out
}

const (
	minFocus = 20
	ellipsis = "…"
)

// signs counts the changes with a sign at the beginning of h.
func signs(h []change, sign byte) int {
	n := 0
	for n < len(h) && h[n].sign == sign {
		n++
	}
	return n
}

// focus cuts two lines so that where they begin to differ is in sight.
func focus(a, b string, columns int) (string, string) {
	same, at := 0, 0 // columns and bytes that they begin with in common
	for at < min(len(a), len(b)) {
		r, n := utf8.DecodeRuneInString(a[at:])
		if s, _ := utf8.DecodeRuneInString(b[at:]); r != s {
			break
		}
		at, same = at+n, same+1
	}
	from := 0
	if same > columns*3/4 {
		from = same - columns/4
	}
	return cut(a, from, columns), cut(b, from, columns)
}

// cut is text from a column on, with an ellipsis where something is missing.
func cut(text string, from, columns int) string {
	n := utf8.RuneCountInString(text)
	if from == 0 && n <= columns {
		return text
	}
	runes := []rune(text)
	runes = runes[min(from, n):]
	begin, end := "", ""
	if from > 0 {
		begin = ellipsis
		columns--
	}
	if len(runes) > columns {
		end = ellipsis
		runes = runes[:columns-1]
	}
	return begin + string(runes) + end
}
