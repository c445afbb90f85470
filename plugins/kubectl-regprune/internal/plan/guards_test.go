package plan

import (
	"strconv"
	"strings"
	"testing"
)

// filled is a plan for all tags of which gone go.
func filled(gone, all int) *Plan {
	tags := make([]Tag, all)
	for i := range tags {
		tags[i] = Tag{Name: strconv.Itoa(i), Digest: hash(strconv.Itoa(i)), Action: Keep, Reason: "rule"}
		if i < gone {
			tags[i].Action, tags[i].Reason = Delete, NotKept
		}
	}
	p := &Plan{Repos: []Repository{{Name: "app", Tags: tags}}, Cluster: Cluster{Matched: 1}}
	p.Totals = total(p.Repos)
	return p
}

// TestMaxDeleteTakesItsOwnHint: who gives the share that the refusal names is not refused
// again, and one percent less is refused.
func TestMaxDeleteTakesItsOwnHint(t *testing.T) {
	for all := 1; all <= 120; all++ {
		for gone := 1; gone < all; gone++ {
			p := filled(gone, all)
			g := Check(p, Limits{MaxCount: -1})
			if len(g) != 1 {
				t.Fatalf("%d of %d: %v", gone, all, g)
			}
			percent, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(g[0].Overrule, "--max-delete "), "%"), 64)
			if err != nil {
				t.Fatal(err)
			}
			if again := Check(p, Limits{MaxShare: percent / 100, MaxCount: -1}); len(again) > 0 {
				t.Errorf("%d of %d, with the hint followed: %v", gone, all, again)
			}
			if less := Check(p, Limits{MaxShare: (percent - 1) / 100, MaxCount: -1}); len(less) == 0 {
				t.Errorf("%d of %d are not more than %v%%", gone, all, percent-1)
			}
		}
	}
	if g := Check(filled(333, 1000), Limits{MaxShare: 33.3 / 100, MaxCount: -1}); len(g) > 0 {
		t.Errorf("333 of 1000 are more than 33.3%%: %v", g)
	}
}
