package report

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// quote writes t as a JSON string, which is a YAML string as well. If reading
// fails half way, the string still ends.
func (t *text) quote(w writer) error {
	w.put("\"")
	var err error
	if t.valid {
		err = eachWhole(t.reader(), func(p []byte) error { escape(w, p); return nil }, nothing)
	} else {
		e := base64.NewEncoder(base64.StdEncoding, w)
		_, err = io.Copy(e, t.reader())
		_ = e.Close() // its errors stick to w
	}
	w.put("\"")
	if err != nil {
		return fmt.Errorf("reading back output: %w", err)
	}
	return nil
}

func nothing([]byte) error { return nil }

// quote is text.quote for a short string.
func quote(w writer, s string) {
	w.put("\"")
	escape(w, []byte(strings.ToValidUTF8(s, "\ufffd")))
	w.put("\"")
}

// escape writes valid UTF-8 as the inside of a JSON string. Characters that matter
// only to HTML stay; those that could do harm on a terminal, or that YAML does not
// allow, are escaped.
func escape(w writer, p []byte) {
	from := 0
	for i := 0; i < len(p); {
		c := p[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(p[i:])
		if c >= utf8.RuneSelf && !awkward(r) {
			i += n
			continue
		}
		w.raw(p[from:i])
		escapeRune(w, r)
		i += n
		from = i
	}
	w.raw(p[from:])
}

// shortEscapes are those of JSON that YAML has, too.
var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}

func escapeRune(w writer, r rune) {
	if short, ok := shortEscapes[r]; ok {
		w.put(short)
		return
	}
	fmt.Fprintf(w, `\u%04x`, r)
}

// awkward reports whether a character above ASCII should not be written as it is:
// C1 controls, line separators, marks that turn the direction of text, and what is
// no character.
func awkward(r rune) bool {
	switch {
	case r >= 0x7f && r < 0xa0, r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return r == 0xfeff || r == 0xfffe || r == 0xffff
}
