package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// counts are numbers by reason.
type counts map[string]int

// sorted are the reasons, the most frequent first.
func (c counts) sorted() []string {
	return slices.SortedFunc(maps.Keys(c), func(a, b string) int { return cmp.Or(c[b]-c[a], strings.Compare(a, b)) })
}

// String is "3 rule:1, 1 in-use".
func (c counts) String() string {
	var parts []string
	for _, r := range c.sorted() {
		parts = append(parts, fmt.Sprintf("%d %s", c[r], r))
	}
	return strings.Join(parts, ", ")
}

func (c counts) sum() (n int) {
	for _, k := range c {
		n += k
	}
	return n
}

// reasons counts the tags that stay, or those that go.
func (v *planView) reasons(stay bool) counts {
	c := counts{}
	for _, r := range v.Repos {
		for _, t := range r.Tags {
			if (t.Action == plan.Keep) == stay {
				c[reason(t.Reason, t.Rule)]++
			}
		}
	}
	return c
}
