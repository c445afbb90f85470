package fold

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// FoldWidth is [Fold] for a line of width columns. What does not fit is counted:
//
//	web-7d4b9f8c6d-{2xk4z,4bvnm,…} and 196 more
//
// At least one name is shown whole, even if it is wider. A width of 0 or less means
// no limit. A cut expression cannot be unfolded.
func FoldWidth(names []string, width int) string {
	terms := foldTerms(names)
	c := cutter{width: width}
	for i := range terms {
		c.total += terms[i].size()
	}
	if whole := join(terms); c.fits(whole, c.total, false) {
		return whole
	}
	for i := range terms {
		if !c.add(&terms[i]) {
			break
		}
	}
	return c.String()
}

// cutter collects terms for as long as they fit, together with the words about
// those that do not.
type cutter struct {
	width, total, shown int
	text                string
	cut                 bool // text ends within a bracket
}

func (c *cutter) String() string {
	if c.shown == c.total {
		return c.text
	}
	return c.text + c.more(c.shown, c.cut)
}

// more says how many names are missing when shown are there.
func (c *cutter) more(shown int, cut bool) string {
	switch {
	case shown == c.total:
		return ""
	case cut:
		return fmt.Sprintf(" and %d more", c.total-shown)
	}
	return fmt.Sprintf(" … and %d more", c.total-shown)
}

// add adds t, or the beginning of it; it returns false when nothing further fits.
func (c *cutter) add(t *term) bool {
	before := c.text
	if before != "" {
		before += ","
	}
	if whole := before + t.String(); c.fits(whole, c.shown+t.size(), false) {
		c.text, c.shown = whole, c.shown+t.size()
		return true
	}
	for _, field := range slices.Backward(t.wide()) {
		items := t.kinds[field].items(t.values[field])
		// An item takes two columns at least: no use in trying more than fit.
		for keep := min(len(items)-1, c.width/2); keep > 0; keep-- {
			text, n := t.begin(field, items[:keep])
			if c.fits(before+text, c.shown+n, true) {
				c.text, c.shown, c.cut = before+text, c.shown+n, true
				return false
			}
		}
	}
	if c.shown == 0 {
		c.text, c.shown = escaped(t.first()), 1
	}
	return false
}

func (c *cutter) fits(text string, shown int, cut bool) bool {
	return c.width <= 0 || utf8.RuneCountInString(text+c.more(shown, cut)) <= c.width
}

// wide lists the fields with several values.
func (t *term) wide() []int {
	var fields []int
	for i, values := range t.values {
		if len(values) > 1 {
			fields = append(fields, i)
		}
	}
	return fields
}

// begin writes t with only some items of a field, and counts the names in it.
func (t *term) begin(field int, items []string) (text string, names int) {
	names = 1
	var b strings.Builder
	for i, values := range t.values {
		escape(&b, t.texts[i])
		if i != field {
			writeField(&b, t.kinds[i], values)
			names *= len(values)
			continue
		}
		left, right := t.kinds[i].brackets()
		fmt.Fprintf(&b, "%c%s,…%c", left, strings.Join(items, ","), right)
		names *= countItems(t.kinds[i], t.values[i], len(items))
	}
	escape(&b, t.texts[len(t.texts)-1])
	return b.String(), names
}

// countItems is the number of values behind the first keep items.
func countItems(k kind, values []string, keep int) int {
	if k == random {
		return keep
	}
	n := 0
	for _, r := range runsOf(values)[:keep] {
		n += r.n
	}
	return n
}

func escaped(name string) string {
	var b strings.Builder
	if escape(&b, name); b.Len() == 0 {
		return "{}"
	}
	return b.String()
}
