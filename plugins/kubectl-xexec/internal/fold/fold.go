// Package fold writes many names as one short expression, and reads it back.
//
//	fold.Fold([]string{"web-0", "web-1", "web-2", "db-7"}) // db-7,web-[0-2]
//
// The rules are those of clush and dshbak, made exact and extended for the names
// that Kubernetes makes up:
//
//   - Numbers fold into ranges, wherever they stand in a name and in several places
//     at once: rack[1-2]-node[0-3]. Zeros in front count: n9 and n09 are two names,
//     n[09-10] stands for n09 and n10.
//   - The random ends of pods fold into a list in braces: web-7d4b9f8c6d-{2xk4z,bvnm5}.
//     Digits within them, and within the hash of a ReplicaSet, are no numbers.
//   - Everything else is text. A character with a meaning here ([ ] { } , \) has a
//     backslash before it, and {} is the empty name.
//
// [Fold] loses and invents nothing: [Unfold] gives back the same names, each once,
// in the order of [Compare]. [FoldWidth] is for people, and may cut.
package fold

import (
	"slices"
	"strconv"
	"strings"
)

// Fold is the shortest expression that the package knows for names, in whatever
// order they come and however often. It is "" for no names.
func Fold(names []string) string {
	return join(foldTerms(names))
}

func join(terms []term) string {
	texts := make([]string, len(terms))
	for i := range terms {
		texts[i] = terms[i].String()
	}
	return strings.Join(texts, ",")
}

// term is a set of names of one shape: every combination of the values of its
// fields, with the same text between them. Terms of one fold share no name.
type term struct {
	texts  []string   // one more than fields
	kinds  []kind     // of the fields
	values [][]string // of the fields, sorted and each once
}

// foldTerms sorts names into terms, in the order of each term's first name.
func foldTerms(names []string) []term {
	names = slices.Clone(names)
	slices.SortFunc(names, Compare)
	names = slices.Compact(names)

	s := newSplitter(names)
	shapes := map[string][]term{}
	for _, name := range names {
		t, shape := s.split(name)
		shapes[shape] = append(shapes[shape], t)
	}
	var all []term
	for _, same := range shapes {
		all = append(all, mergeAll(same)...)
	}
	slices.SortFunc(all, func(a, b term) int { return Compare(a.first(), b.first()) })
	return all
}

// mergeAll joins terms of one shape until no two can be joined. The last field
// goes first, because the last number of a name is the one that counts most often.
func mergeAll(terms []term) []term {
	for {
		before := len(terms)
		for i := len(terms[0].kinds) - 1; i >= 0; i-- {
			terms = merge(terms, i)
		}
		if len(terms) == before {
			return terms
		}
	}
}

// merge joins the terms that differ in field i only.
func merge(terms []term, i int) []term {
	at := make(map[string]int, len(terms))
	out := terms[:0]
	for _, t := range terms {
		key := t.keyWithout(i)
		j, ok := at[key]
		if !ok {
			at[key] = len(out)
			out = append(out, t)
			continue
		}
		out[j].values[i] = append(out[j].values[i], t.values[i]...)
	}
	for j := range out {
		slices.SortFunc(out[j].values[i], Compare)
	}
	return out
}

func (t *term) keyWithout(field int) string {
	var b strings.Builder
	for i, values := range t.values {
		if i == field {
			continue
		}
		for _, v := range values {
			b.WriteString(v)
			b.WriteByte(',')
		}
		b.WriteByte(';')
	}
	return b.String()
}

func (t *term) first() string {
	var b strings.Builder
	for i, values := range t.values {
		b.WriteString(t.texts[i])
		b.WriteString(values[0])
	}
	b.WriteString(t.texts[len(t.texts)-1])
	return b.String()
}

// size is the number of names that t stands for.
func (t *term) size() int {
	n := 1
	for _, values := range t.values {
		n *= len(values)
	}
	return n
}

func (t *term) String() string {
	var b strings.Builder
	for i, values := range t.values {
		escape(&b, t.texts[i])
		writeField(&b, t.kinds[i], values)
	}
	escape(&b, t.texts[len(t.texts)-1])
	if b.Len() == 0 {
		return "{}"
	}
	return b.String()
}

func writeField(b *strings.Builder, k kind, values []string) {
	if len(values) == 1 {
		b.WriteString(values[0])
		return
	}
	left, right := k.brackets()
	b.WriteByte(left)
	b.WriteString(strings.Join(k.items(values), ","))
	b.WriteByte(right)
}

const special = `[]{},\`

func escape(b *strings.Builder, text string) {
	if !strings.ContainsAny(text, special) {
		b.WriteString(text)
		return
	}
	for i := 0; i < len(text); i++ {
		if strings.IndexByte(special, text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
}

// kind is what a field of a name is.
type kind byte

const (
	number kind = iota // digits, folded into ranges
	random             // the end of a pod's name, listed
)

func (k kind) brackets() (left, right byte) {
	if k == random {
		return '{', '}'
	}
	return '[', ']'
}

// items are what stands between the commas for values.
func (k kind) items(values []string) []string {
	if k == random {
		return values
	}
	runs := runsOf(values)
	items := make([]string, len(runs))
	for i, r := range runs {
		items[i] = r.String()
	}
	return items
}

// run is a range of numbers, all written with at least as many digits as the
// first if that one begins with a zero.
type run struct {
	first, last string
	n           int // how many numbers
}

func (r run) String() string {
	if r.n == 1 {
		return r.first
	}
	return r.first + "-" + r.last
}

// runsOf sorts values into runs, those of padded numbers first, since 10 follows
// 09 as well as 9; the result is in numeric order.
func runsOf(values []string) []run {
	left := make(map[string]bool, len(values))
	for _, v := range values {
		left[v] = true
	}
	var runs []run
	take := func(padded bool) {
		for _, v := range values {
			if !left[v] || isPadded(v) != padded {
				continue
			}
			r := run{first: v}
			for next := v; left[next]; next = successor(v, next) {
				delete(left, next)
				r.last, r.n = next, r.n+1
			}
			runs = append(runs, r)
		}
	}
	take(true)
	take(false)
	slices.SortFunc(runs, func(a, b run) int { return Compare(a.first, b.first) })
	return runs
}

func isPadded(v string) bool { return len(v) > 1 && v[0] == '0' }

// successor is the number after v in a run that begins with first.
func successor(first, v string) string {
	n, _ := strconv.ParseUint(v, 10, 64) // at most maxDigits digits
	return pad(first, n+1)
}

// pad writes n as a run that begins with first does.
func pad(first string, n uint64) string {
	s := strconv.FormatUint(n, 10)
	if isPadded(first) && len(s) < len(first) {
		s = strings.Repeat("0", len(first)-len(s)) + s
	}
	return s
}
