package alike

// maxNumber is the longest number that a mask looks at, in digits on either side
// of its point.
const maxNumber = 12

// duration returns the length of one or several numbers with units: 12ms, 1.2s,
// 3m4s, 0.5 seconds.
func duration(b []byte, i int) int {
	if peek(b, i-1) == '.' && isDigit(peek(b, i-2)) {
		return 0
	}
	const most = 5 // 1w2d3h4m5s
	total, certain := 0, false
	for range most {
		n, unit := amount(b, i+total)
		if n == 0 {
			break
		}
		total += n
		certain = certain || unit != "m"
		if !isDigit(peek(b, i+total)) {
			break
		}
	}
	if !certain || isWord[peek(b, i+total)] || peek(b, i+total) >= 0x80 {
		return 0
	}
	return total
}

// units are those that follow their number at once, longest first.
var units = []string{"seconds", "second", "secs", "sec", "mins", "min", "ms", "ns", "us", "µs", "μs", "s", "m", "h", "d", "w"}

// wordUnits are those that may follow after a blank.
var wordUnits = []string{
	"nanoseconds", "nanosecond", "microseconds", "microsecond", "milliseconds", "millisecond", "msecs", "msec",
	"seconds", "second", "secs", "sec", "minutes", "minute", "mins", "min", "hours", "hour", "hrs", "hr", "days", "day",
	"weeks", "week", "ms", "ns", "us", "µs", "μs", "s",
}

// isUnitStart tells the first bytes of both.
var isUnitStart = func() (t [256]bool) {
	for _, u := range append(units, wordUnits...) {
		t[u[0]] = true
	}
	return t
}()

// amount returns the length of a number with its unit.
func amount(b []byte, i int) (n int, unit string) {
	n = digits(b, i, maxNumber)
	if n > 0 && peek(b, i+n) == '.' {
		if f := digits(b, i+n+1, maxNumber); f > 0 {
			n += 1 + f
		}
	}
	if n == 0 || isDigit(peek(b, i+n)) {
		return 0, ""
	}
	list, gap := units, 0
	if peek(b, i+n) == ' ' {
		list, gap = wordUnits, 1
	}
	if !isUnitStart[peek(b, i+n+gap)] {
		return 0, ""
	}
	for _, u := range list {
		after := i + n + gap + len(u)
		if has(b, i+n+gap, u) && (!isWord[peek(b, after)] || gap == 0 && isDigit(peek(b, after))) {
			return n + gap + len(u), u
		}
	}
	return 0, ""
}

// processID returns the length of a number that its surroundings show to be that
// of a process or thread.
func processID(b []byte, i int) int {
	n := digits(b, i, maxNumber)
	before, after := peek(b, i-1), peek(b, i+n)
	switch {
	case after == '#' && isDigit(peek(b, i+n+1)): // nginx: process#thread:
		m := 1 + digits(b, i+n+1, maxNumber)
		if peek(b, i+n+m) == ':' {
			return n + m
		}
		return 0
	case isWord[after]:
		return 0
	case before == '[' && after == ']':
		if next := peek(b, i+n+1); next == ':' || n > 1 && (next == ' ' || next == '\n' || next == '\r') {
			return n
		}
	case before == '/' && has(b, i-len("/proc/"), "/proc/"):
		return n
	case afterPIDWord(b, i), after == ' ' && afterKlogTime(b, i):
		return n
	}
	return 0
}

var pidWords = []string{"goroutine", "ppid", "pgid", "pid", "tid"}

// afterPIDWord recognises pid=12, pid 12, pid: 12, "pid":12 and main_pid=12.
func afterPIDWord(b []byte, i int) bool {
	const separators = 3
	end := i
	for end > i-separators {
		if c := peek(b, end-1); c != ' ' && c != '=' && c != ':' && c != '"' {
			break
		}
		end--
	}
	if end == i {
		return false
	}
	for _, word := range pidWords {
		if at := end - len(word); hasFold(b, at, word) && !isWord[peek(b, at-1)] {
			return true
		}
	}
	return false
}

// hasFold is has for text in lower case, whatever the case of b.
func hasFold(b []byte, i int, text string) bool {
	if i < 0 || len(b)-i < len(text) {
		return false
	}
	for k := range len(text) {
		if b[i+k]|0x20 != text[k] {
			return false
		}
	}
	return true
}

// klogBlanks is how many blanks there are at most before klog's thread column.
const klogBlanks = 7

// afterKlogTime recognises the thread in I0102 15:04:05.123456    1234 file.go:1].
func afterKlogTime(b []byte, i int) bool {
	const stamp = "0000 00:00:00.000000"
	end := i
	for end > i-klogBlanks && peek(b, end-1) == ' ' {
		end--
	}
	at := end - len(stamp)
	return end < i && at > 0 && fits(b, at, stamp) && isKlogLevel(b[at-1])
}

func isKlogLevel(c byte) bool { return c == 'I' || c == 'W' || c == 'E' || c == 'F' }
