package hierarchy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/hierarchy"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func group(keys, bytes int64, path ...string) report.Group {
	return report.Group{Pattern: strings.Join(path, ""), Path: path, Figures: report.Figures{Keys: keys, Bytes: bytes}}
}

func lines(n *hierarchy.Node, indent string) string {
	text := fmt.Sprintf("%s%s|%s %d %d\n", indent, n.Name, n.Full, n.Keys, n.Bytes)
	for _, c := range n.Children {
		text += lines(c, indent+" ")
	}
	return text
}

func TestBuild(t *testing.T) {
	r := &report.Report{Other: report.Other{Patterns: 3, Figures: report.Figures{Keys: 3, Bytes: 5}}, Groups: []report.Group{
		group(10, 100, "session:", "*:", "cart"), group(20, 50, "session:", "*:", "prefs"), group(1, 7, "session:", "*:"),
		group(2, 9, "(other)"), group(1, 8), group(4, 4, "a"),
	}}
	const want = `(keys)| 41 183
 session:|session: 31 157
  *:|session:*: 31 157
   cart|session:*:cart 10 100
   prefs|session:*:prefs 20 50
   (own)|session:*: 1 7
 \(other)|\(other) 2 9
 (empty)|(empty) 1 8
 (other)|(other) 3 5
 a|a 4 4
`
	if got := lines(hierarchy.Build(r), ""); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestParentsAreTheSumOfTheirChildren(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := &report.Report{}
		var keys, bytes int64
		for range random.IntN(300) {
			var path []string
			for range random.IntN(5) {
				path = append(path, string(rune('a'+random.IntN(4)))+":")
			}
			g := group(random.Int64N(1000), random.Int64N(1<<40), path...)
			r.Groups = append(r.Groups, g)
			keys, bytes = keys+g.Keys, bytes+g.Bytes
		}
		r.Other = report.Other{Patterns: 1, Figures: report.Figures{Keys: 5, Bytes: random.Int64N(1 << 40)}}
		root := hierarchy.Build(r)
		if root.Keys != keys+5 || root.Bytes != bytes+r.Other.Bytes {
			t.Fatalf("seed %d: the root has %d keys and %d bytes, want %d and %d", seed, root.Keys, root.Bytes, keys+5, bytes+r.Other.Bytes)
		}
		groups := 0
		check(t, root, &groups)
		if groups != len(r.Groups) {
			t.Errorf("seed %d: %d groups in the tree, want %d", seed, groups, len(r.Groups))
		}
	}
}

func check(t *testing.T, n *hierarchy.Node, groups *int) {
	t.Helper()
	if n.Group != nil {
		*groups++
	}
	if len(n.Children) == 0 {
		return
	}
	var keys, bytes int64
	for _, c := range n.Children {
		check(t, c, groups)
		keys, bytes = keys+c.Keys, bytes+c.Bytes
	}
	if keys != n.Keys || bytes != n.Bytes {
		t.Errorf("%q has %d keys and %d bytes, its children %d and %d", n.Full, n.Keys, n.Bytes, keys, bytes)
	}
}
