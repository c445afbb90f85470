package alike

import "strings"

const (
	months   = "JanFebMarAprMayJunJulAugSepOctNovDec"
	weekdays = "MonTueWedThuFriSatSun"
)

// isOneOf reports whether b has one of the words of three letters in list at i,
// ending there.
func isOneOf(b []byte, i int, list string) bool {
	if i+3 > len(b) || isWord[peek(b, i+3)] {
		return false
	}
	at := strings.Index(list, string(b[i:i+3]))
	return at >= 0 && at%3 == 0
}

// dayFirst returns the length of 02/Jan/2006:15:04:05 -0700 as Apache has it, of
// 02 Jan 2006 15:04:05.999 as Redis has it, and of 02-Jan-2006 15:04:05.
func dayFirst(b []byte, i int) int {
	n := digits(b, i, 2)
	separator := peek(b, i+n)
	if separator != ' ' && separator != '/' && separator != '-' || !isOneOf(b, i+n+1, months) {
		return 0
	}
	n += 1 + len("Jan")
	if peek(b, i+n) != separator || !fits(b, i+n+1, "0000") {
		return 0
	}
	n += 1 + len("0000")
	if c := peek(b, i+n); c != ' ' && c != ':' {
		return 0
	}
	c := clock(b, i+n+1)
	if c == 0 {
		return 0
	}
	n += 1 + c
	return n + zone(b, i+n)
}

// timeAtLetter returns where the time that begins with the letter b[i] begins and
// ends: with a month or a weekday, or after klog's level, which stays.
func timeAtLetter(b []byte, i int) (at, end int) {
	if isKlogLevel(b[i]) && fits(b, i+1, "0000 00:00:00.") {
		if c := clock(b, i+6); c > 0 {
			end = i + 6 + c
			return i + 1, end + padding(b, end)
		}
	}
	n := 0
	if isOneOf(b, i, weekdays) {
		n = len("Mon")
		for c := peek(b, i+n); n < 5 && (c == ',' || c == ' '); c = peek(b, i+n) {
			n++
		}
	}
	if isDigit(peek(b, i+n)) {
		if d := dayFirst(b, i+n); n > 0 && d > 0 {
			return i, i + n + d
		}
		return 0, 0
	}
	if m := monthFirst(b, i+n); m > 0 {
		return i, i + n + m
	}
	return 0, 0
}

// padding returns the length of all blanks but the last that align klog's thread
// column: how many they are depends on the thread's number.
func padding(b []byte, i int) int {
	n := 0
	for n < klogBlanks && peek(b, i+n) == ' ' && peek(b, i+n+1) == ' ' {
		n++
	}
	return n
}

// monthFirst returns the length of "Jan  2 15:04:05" of syslog and "Jan  2 15:04"
// of ls, with the zone and year that date(1) puts behind.
func monthFirst(b []byte, i int) int {
	if !isOneOf(b, i, months) || peek(b, i+3) != ' ' {
		return 0
	}
	n := len("Jan ")
	if peek(b, i+n) == ' ' {
		n++
	}
	day := digits(b, i+n, 2)
	if n += day; day == 0 || peek(b, i+n) != ' ' {
		return 0
	}
	n++
	c := clock(b, i+n)
	if c == 0 {
		if c = minutes(b, i+n); c > 0 {
			return n + c
		}
		return 0
	}
	n += c
	if has(b, i+n, " AM") || has(b, i+n, " PM") {
		n += len(" AM")
	}
	n += zone(b, i+n)
	if fits(b, i+n, " 0000") && !isWord[peek(b, i+n+5)] {
		n += len(" 0000")
	}
	return n
}
