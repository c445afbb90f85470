package pattern

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// AppendEscaped appends name to dst so that it can be shown anywhere and read
// back: characters that are special in a glob get a backslash, and whatever is
// not plain printable text (control characters, line and direction marks, bytes
// that are not UTF-8) becomes \xNN or \uNNNN.
func AppendEscaped(dst []byte, name string) []byte {
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = appendHex(dst, name[i])
		case r == '*' || r == '?' || r == '[' || r == ']' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < utf8.RuneSelf && !unicode.IsPrint(r):
			dst = appendHex(dst, byte(r))
		case !unicode.IsPrint(r):
			quoted := strconv.QuoteRuneToASCII(r)
			dst = append(dst, quoted[1:len(quoted)-1]...)
		default:
			dst = append(dst, name[i:i+n]...)
		}
		i += n
	}
	return dst
}

func appendHex(dst []byte, b byte) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'x', digits[b>>4], digits[b&15])
}
