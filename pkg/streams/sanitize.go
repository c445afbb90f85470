package streams

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sanitize makes untrusted text safe to show on a terminal: control characters
// (among them ESC, which starts the sequences that retitle windows or rewrite
// the screen), Unicode's direction overrides and bytes that are not UTF-8 are
// shown as Go escapes such as \x1b. Newline and tab stay as they are.
func Sanitize(text string) string {
	if clean(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !hostile(r):
			b.WriteString(text[i : i+n])
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += n
	}
	return b.String()
}

// SanitizeLine is [Sanitize] for text that must stay on one line: newline, tab
// and carriage return are escaped too.
func SanitizeLine(text string) string {
	text = Sanitize(text)
	if !strings.ContainsAny(text, "\n\t") {
		return text
	}
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(text)
}

func clean(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c >= utf8.RuneSelf || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f {
			return utf8.ValidString(text) && strings.IndexFunc(text, hostile) < 0
		}
	}
	return true
}

// hostile reports whether showing r could change more than the cell it is in.
func hostile(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case unicode.IsControl(r):
		return true
	case r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
		return true // bidirectional marks and overrides
	}
	return r == 0x2028 || r == 0x2029 || r == 0xfeff
}
