package alike

// isMaskStart tells the bytes that a match of a mask, or the word before it that
// gives it away, begins with.
var isMaskStart = func() (t [256]bool) {
	for _, c := range "0123456789" + "abcdefABCDEF" + "JFMASOND" + "MTWFS" + "IWEF" {
		t[c] = true
	}
	return t
}()

// match returns what to replace of that which begins at b[i], the first byte of a
// word. The end is 0 for nothing.
func (m Masks) match(b []byte, i int) (at, end int, k Kind) {
	if m&UUID != 0 && peek(b, i+8) == '-' && isUUID(b, i) {
		return i, i + 36, AnyUUID
	}
	if !isDigit(b[i]) {
		if m&Time != 0 {
			at, end = timeAtLetter(b, i)
		}
		return at, end, Clock
	}
	if m&Time != 0 {
		if n := timeAtDigit(b, i); n > 0 {
			return i, i + n, Clock
		}
	}
	if m&Hex != 0 && b[i] == '0' {
		if n := hexAddress(b, i); n > 0 {
			return i, i + n, HexAddress
		}
	}
	if m&Duration != 0 {
		if n := duration(b, i); n > 0 {
			return i, i + n, Elapsed
		}
	}
	if m&PID != 0 {
		if n := processID(b, i); n > 0 {
			return i, i + n, ProcessID
		}
	}
	return 0, 0, 0
}

func isDigit(c byte) bool { return c-'0' < 10 }

func isHexDigit(c byte) bool { return isDigit(c) || (c|0x20)-'a' < 6 }

// digits counts the digits from b[i] on, up to limit.
func digits(b []byte, i, limit int) int {
	n := 0
	for n < limit && isDigit(peek(b, i+n)) {
		n++
	}
	return n
}

// fits reports whether b has the shape of a pattern at i, in which 0 is any digit,
// x any hexadecimal one, and everything else itself.
func fits(b []byte, i int, shape string) bool {
	if len(b)-i < len(shape) {
		return false
	}
	for k := range len(shape) {
		c := b[i+k]
		switch shape[k] {
		case '0':
			if !isDigit(c) {
				return false
			}
		case 'x':
			if !isHexDigit(c) {
				return false
			}
		default:
			if c != shape[k] {
				return false
			}
		}
	}
	return true
}

// has reports whether text stands at b[i].
func has(b []byte, i int, text string) bool {
	return i >= 0 && len(b)-i >= len(text) && string(b[i:i+len(text)]) == text
}

func isUUID(b []byte, i int) bool {
	return fits(b, i, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") && !isWord[peek(b, i+36)]
}

// hexAddress returns the length of 0x and at least five digits. Fewer are offsets,
// which are the same wherever the same program runs.
func hexAddress(b []byte, i int) int {
	if peek(b, i+1) != 'x' {
		return 0
	}
	n := 0
	for n <= 16 && isHexDigit(peek(b, i+2+n)) {
		n++
	}
	if n < 5 || n > 16 || isWord[peek(b, i+2+n)] {
		return 0
	}
	return 2 + n
}
