package alike

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// rules is what to replace in the output of one target.
type rules struct {
	patterns []pattern // longest first
	masks    Masks
	start    [256]uint8 // by byte: where something may begin with it
	reach    int        // how far behind the beginning of a match it may have to look
}

const (
	startsWord   = 1 << iota // at the beginning of a word only
	startsInside             // also within one
)

// pattern is a part of a target's identity.
type pattern struct {
	text string
	kind Kind
	edge edge
}

// edge says what may stand around a pattern.
type edge uint8

const (
	anywhere edge = iota // it cannot be anything else
	asWord
	asLine // it fills its line
	asIP
)

// maskReach is longer than anything that a mask matches, with what follows it.
const maskReach = 192

func newRules(id Identity, masks Masks) *rules {
	r := &rules{masks: masks, reach: maskReach}
	r.addName(id.Pod, PodName)
	if len(id.Pod) > maxHostname {
		r.addName(strings.TrimRight(id.Pod[:maxHostname], "-."), PodName)
	}
	r.add(id.UID, PodUID, anywhere)
	r.add(strings.ReplaceAll(id.UID, "-", "_"), PodUID, anywhere)
	r.add(id.IP, PodIP, asIP)
	if !strings.Contains(id.IP, ":") {
		r.add(strings.ReplaceAll(id.IP, ".", "-"), PodIP, asWord)
	}
	r.addName(id.Node, NodeName)
	short, _, _ := strings.Cut(id.Node, ".")
	r.addName(short, NodeName)
	r.addName(id.Namespace, Namespace)
	r.addSuffix(id)
	slices.SortStableFunc(r.patterns, func(a, b pattern) int { return cmp.Compare(len(b.text), len(a.text)) })
	if masks != 0 {
		for c := range r.start {
			if isMaskStart[c] {
				r.start[c] |= startsWord
			}
		}
	}
	return r
}

// maxHostname is how much of a long name a pod calls itself by.
const maxHostname = 63

func (r *rules) add(text string, k Kind, e edge) {
	if text == "" || slices.ContainsFunc(r.patterns, func(p pattern) bool { return p.text == text }) {
		return
	}
	r.patterns = append(r.patterns, pattern{text, k, e})
	if e == anywhere {
		r.start[text[0]] |= startsInside
	}
	r.start[text[0]] |= startsWord
	r.reach = max(r.reach, len(text)+4)
}

// addName adds a name by the rules for names that could be any word.
func (r *rules) addName(name string, k Kind) {
	switch {
	case strings.Trim(name, "0123456789") == "":
	case len(name) < 4 || !strings.ContainsAny(name, "0123456789-."):
		r.add(name, k, asLine)
	default:
		r.add(name, k, asWord)
	}
}

// addSuffix adds what a controller put after the workload's name: the whole, and
// its random end. The ordinal of a StatefulSet is no such thing: it is any number.
func (r *rules) addSuffix(id Identity) {
	workload := id.Workload[strings.LastIndexByte(id.Workload, '/')+1:]
	suffix, ok := strings.CutPrefix(id.Pod, workload+"-")
	if !ok || workload == "" {
		return
	}
	for _, s := range []string{suffix, suffix[strings.LastIndexByte(suffix, '-')+1:]} {
		if len(s) >= 5 && strings.Trim(s, "0123456789-") != "" {
			r.add(s, NameSuffix, asWord)
		}
	}
}

// name returns the pattern that begins at b[i].
func (r *rules) name(b []byte, i int) *pattern {
	for k := range r.patterns {
		p := &r.patterns[k]
		end := i + len(p.text)
		// The last byte first: the first one is why we are here.
		if end <= len(b) && b[end-1] == p.text[len(p.text)-1] && string(b[i:end]) == p.text && p.edge.holds(b, i, end) {
			return p
		}
	}
	return nil
}

func (e edge) holds(b []byte, i, end int) bool {
	before, after := peek(b, i-1), peek(b, end)
	switch e {
	case asLine:
		return before == '\n' && (after == '\n' || after == '\r' && peek(b, end+1) == '\n')
	case asWord:
		return !isWord[before] && !isWord[after] && (after != '-' || !isWord[peek(b, end+1)])
	case asIP:
		joint := byte('.')
		if bytes.IndexByte(b[i:end], ':') >= 0 {
			joint = ':'
		}
		next := peek(b, end+1)
		return !isWord[before] && !isWord[after] &&
			!(before == joint && isWord[peek(b, i-2)]) && !(after == joint && (isWord[next] || next == joint))
	}
	return true
}

// peek is b[i], or the newline that is thought before and after a whole output.
func peek(b []byte, i int) byte {
	if uint(i) < uint(len(b)) {
		return b[i]
	}
	return '\n'
}

// isWord tells letters and digits of ASCII.
var isWord = func() (t [256]bool) {
	for c := range t {
		lower := c | 0x20
		t[c] = c >= '0' && c <= '9' || lower >= 'a' && lower <= 'z'
	}
	return t
}()
