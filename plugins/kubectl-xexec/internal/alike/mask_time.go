package alike

import (
	"cmp"
	"strconv"
)

// timeAtDigit returns the length of the time that begins with the digit b[i].
func timeAtDigit(b []byte, i int) int {
	for _, form := range digitForms {
		if n := form(b, i); n > 0 {
			return n
		}
	}
	return 0
}

var digitForms = []func([]byte, int) int{clock, isoTime, compactTime, dayFirst, epoch}

// clock returns the length of 15:04:05, with or without a fraction.
func clock(b []byte, i int) int {
	if !fits(b, i, "00:00:00") || b[i] > '2' || b[i+3] > '5' || b[i+6] > '6' {
		return 0
	}
	if peek(b, i-1) == ':' && isDigit(peek(b, i-2)) && !isYear(b, i-5) {
		return 0
	}
	n := len("00:00:00")
	if c := peek(b, i+n); c == '.' || c == ',' {
		if f := digits(b, i+n+1, maxNumber); f > 0 {
			n += 1 + f
		}
	}
	if c := peek(b, i+n); isDigit(c) || c == ':' && isDigit(peek(b, i+n+1)) {
		return 0
	}
	return n
}

// minutes returns the length of 15:04, which is a time only behind a date.
func minutes(b []byte, i int) int {
	after := peek(b, i+len("00:00"))
	if !fits(b, i, "00:00") || b[i] > '2' || b[i+3] > '5' || isWord[after] || after == ':' {
		return 0
	}
	return len("00:00")
}

// isoTime returns the length of 2006-01-02T15:04:05.999+07:00 and its kin: a blank
// for the T, slashes for the dashes, no seconds.
func isoTime(b []byte, i int) int {
	if !fits(b, i, "0000-00-00") && !fits(b, i, "0000/00/00") || b[i+5] > '1' || b[i+8] > '3' {
		return 0
	}
	n := len("0000-00-00")
	if c := peek(b, i+n); c != 'T' && c != 't' && c != ' ' {
		return 0
	}
	n++
	c := cmp.Or(clock(b, i+n), minutes(b, i+n))
	if c == 0 {
		return 0
	}
	n += c
	n += zone(b, i+n)
	return n + monotonic(b, i+n)
}

// compactTime returns the length of 20060102T150405Z.
func compactTime(b []byte, i int) int {
	if !fits(b, i, "00000000T000000") {
		return 0
	}
	n := len("00000000T000000")
	if peek(b, i+n) == 'Z' {
		n++
	}
	if isWord[peek(b, i+n)] {
		return 0
	}
	return n
}

// zone returns the length of Z, +07:00, " -0700", " UTC", " +0000 UTC".
func zone(b []byte, i int) int {
	n := 0
	if c := peek(b, i) | 0x20; c == 'z' && !isWord[peek(b, i+1)] {
		return 1
	}
	at := i
	if peek(b, at) == ' ' {
		at++
	}
	if c := peek(b, at); c == '+' || c == '-' {
		for _, shape := range []string{"00:00", "0000"} {
			if fits(b, at+1, shape) && !isWord[peek(b, at+1+len(shape))] {
				n = at + 1 + len(shape) - i
				break
			}
		}
	}
	return n + zoneName(b, i+n)
}

// zoneName returns the length of a blank and three or four capitals, " CEST". Of
// the words of three capitals that follow a time in a log only UTC and GMT are taken,
// because GET is one as well; a T at the end shows the others.
func zoneName(b []byte, i int) int {
	if peek(b, i) != ' ' {
		return 0
	}
	n := 1
	for n <= 4 && peek(b, i+n)-'A' < 26 {
		n++
	}
	if n < 4 || isWord[peek(b, i+n)] || has(b, i, " GET") {
		return 0
	}
	if c := b[i+n-2 : i+n]; has(b, i, " UTC") || string(c) == "ST" || string(c) == "DT" || string(c) == "MT" || string(c) == "ET" {
		return n
	}
	return 0
}

// monotonic returns the length of the end that Go's time has: " m=+0.012345678".
func monotonic(b []byte, i int) int {
	if !has(b, i, " m=+") && !has(b, i, " m=-") {
		return 0
	}
	whole := digits(b, i+4, maxNumber)
	if whole == 0 || peek(b, i+4+whole) != '.' {
		return 0
	}
	return 4 + whole + 1 + digits(b, i+4+whole+1, maxNumber)
}

// epoch returns the length of the seconds, milli-, micro- or nanoseconds since
// 1970 of the years 2017 to 2036. A whole number of 64 KiB is taken for a size, as
// the 1610612736 of a memory limit.
func epoch(b []byte, i int) int {
	if lead := int(b[i]-'0')*10 + int(peek(b, i+1)) - '0'; lead < 15 || lead > 20 {
		return 0
	}
	const longest = 19
	n := digits(b, i, longest+1)
	if n != 10 && n != 13 && n != 16 && n != longest || peek(b, i-1) == '.' {
		return 0
	}
	if n == 10 {
		if seconds, _ := strconv.ParseInt(string(b[i:i+n]), 10, 64); seconds%(64<<10) == 0 {
			return 0
		}
	}
	if peek(b, i+n) == '.' {
		if f := digits(b, i+n+1, maxNumber); f > 0 {
			n += 1 + f
		}
	}
	if isWord[peek(b, i+n)] {
		return 0
	}
	return n
}

// isYear reports whether b has the year of Apache's 02/Jan/2006:15:04:05 at i.
func isYear(b []byte, i int) bool { return peek(b, i-1) == '/' && fits(b, max(i, 0), "0000:") }
