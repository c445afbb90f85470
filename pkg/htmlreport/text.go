package htmlreport

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain returns s with everything that is not plain printable text escaped. HTML
// has no way to show most of it, and marks of direction would reorder what
// stands beside them.
func plain(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, r < utf8.RuneSelf && !unicode.IsPrint(r):
			const digits = "0123456789abcdef"
			b.WriteString(`\x`)
			b.WriteByte(digits[s[i]>>4])
			b.WriteByte(digits[s[i]&15])
		case !unicode.IsPrint(r) || unicode.Is(unicode.Mn, r):
			// A stack of combining marks would paint over its neighbours.
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Format writes v in unit u with three significant digits. The script has the
// same rules.
func Format(u Unit, v float64) string {
	switch u {
	case Bytes:
		return FormatBytes(v)
	case Share:
		return FormatShare(v)
	case Seconds:
		return FormatSeconds(v)
	}
	return FormatCount(v)
}

// FormatBytes writes bytes in binary units: 1.50 MiB.
func FormatBytes(v float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for math.Abs(v) >= 999.5 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if i == 0 {
		return number(v, 0) + nbsp + units[0]
	}
	return number(v, digits(v)) + nbsp + units[i]
}

// FormatCount writes a whole number with spaces between thousands.
func FormatCount(v float64) string {
	s := strconv.FormatFloat(math.Abs(math.Round(v)), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	if math.Round(v) < 0 {
		return minus + s
	}
	return s
}

// FormatShare writes a fraction as a percentage.
func FormatShare(v float64) string {
	p := v * 100
	switch {
	case p == 0:
		return "0" + nbsp + "%"
	case math.Abs(p) < 0.1:
		return "<" + nbsp + "0.1" + nbsp + "%"
	}
	return number(p, 1) + nbsp + "%"
}

// FormatSeconds writes a duration in its largest fitting unit.
func FormatSeconds(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{31557600, "years"}, {86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}} {
		if v >= u.size {
			return strings.TrimSuffix(number(v/u.size, 1), ".0") + nbsp + u.name
		}
	}
	if v == 0 {
		return "0" + nbsp + "s"
	}
	return number(v*1000, digits(v*1000)) + nbsp + "ms"
}

const (
	nbsp  = " " // a name with U+00A0 is shown escaped, so figures cannot use it
	minus = "\u2212"
)

func digits(v float64) int {
	switch v = math.Abs(v); {
	case v < 9.995:
		return 2
	case v < 99.95:
		return 1
	}
	return 0
}

func number(v float64, digits int) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', digits, 64)
	if v < 0 {
		return minus + s
	}
	return s
}
