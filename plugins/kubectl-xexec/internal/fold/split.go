package fold

import "strings"

// maxDigits keeps numbers within 64 bits. A longer row of digits is text.
const maxDigits = 18

// Kubernetes makes up the end of a pod's name from letters and digits that form no
// words, and the hash of a ReplicaSet from the few of them that stand for decimal
// digits.
const (
	randomLetters = "bcdfghjklmnpqrstvwxz2456789"
	randomLength  = 5
	hashLetters   = "456789bcdf"
	hashMin       = 5
	hashMax       = 10
)

// splitter cuts names into text and fields.
type splitter struct {
	stems map[string]bool // what random ends have been seen after
}

// newSplitter looks at names for stems, because a random end may by chance consist
// of digits only, and then only its siblings tell it from a number.
func newSplitter(names []string) splitter {
	s := splitter{stems: map[string]bool{}}
	for _, name := range names {
		if stem, end, ok := cutRandom(name); ok && strings.Trim(end, "0123456789") != "" {
			s.stems[stem] = true
		}
	}
	return s
}

// split returns name as a term of one value per field, and the shape that it
// shares with the names it can be joined with.
func (s splitter) split(name string) (t term, shape string) {
	rest, end, isRandom := cutRandom(name)
	if isRandom = isRandom && s.stems[rest]; !isRandom {
		rest, end = name, ""
	}
	fixed := len(rest)
	if isRandom {
		fixed = len(strings.TrimSuffix(rest, "-"))
		fixed = 1 + strings.LastIndexByte(rest[:fixed], '-')
		if !isHash(strings.TrimSuffix(rest[fixed:], "-")) {
			fixed = len(rest)
		}
	}
	text := ""
	for i := 0; i < fixed; {
		n := digitsAt(rest[:fixed], i)
		if n == 0 || n > maxDigits {
			n = max(n, 1)
			text += rest[i : i+n]
		} else {
			t.add(text, number, rest[i:i+n])
			text = ""
		}
		i += n
	}
	text += rest[fixed:]
	if isRandom {
		t.add(text, random, end)
		text = ""
	}
	t.texts = append(t.texts, text)
	return t, t.shape()
}

func (t *term) add(text string, k kind, value string) {
	t.texts = append(t.texts, text)
	t.kinds = append(t.kinds, k)
	t.values = append(t.values, []string{value})
}

func (t *term) shape() string {
	var b strings.Builder
	for i, text := range t.texts {
		escape(&b, text)
		if i < len(t.kinds) {
			left, right := t.kinds[i].brackets()
			b.WriteByte(left)
			b.WriteByte(right)
		}
	}
	return b.String()
}

// cutRandom cuts the random end off a pod's name: the stem keeps its dash.
func cutRandom(name string) (stem, end string, ok bool) {
	at := len(name) - randomLength
	if at < 2 || name[at-1] != '-' || strings.Trim(name[at:], randomLetters) != "" {
		return name, "", false
	}
	return name[:at], name[at:], true
}

func isHash(s string) bool {
	return len(s) >= hashMin && len(s) <= hashMax && strings.Trim(s, hashLetters) == ""
}

func digitsAt(s string, i int) int {
	n := 0
	for i+n < len(s) && isDigit(s[i+n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
