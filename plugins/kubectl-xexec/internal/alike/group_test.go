package alike

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/fold"
)

// member runs pod i of a StatefulSet of which all pods are on one node.
func member(i int, v Verdict, stdout, stderr string) Member {
	id := Identity{Pod: fmt.Sprintf("web-%d", i), IP: fmt.Sprintf("10.0.0.%d", i), Node: "node-1", Workload: "statefulset/web"}
	return Member{Name: id.Pod, Verdict: v, Sum: sumOf(id, 0, v, stdout, stderr)}
}

// outline is what matters of groups, in words.
func outline(groups []Group) []string {
	var lines []string
	for _, g := range groups {
		line := fmt.Sprintf("%s: %s", fold.Fold(g.Names), g.Verdict)
		if g.Identical {
			line += ", identical"
		}
		if g.Masked.Total() > 0 {
			line += ", " + g.Masked.String()
		}
		lines = append(lines, line)
	}
	return lines
}

var failed = Verdict{Outcome: "failed", Code: 1}

func TestGroupBy(t *testing.T) {
	peers := "web-0 web-1 web-2\n"
	for _, tc := range []struct {
		about   string
		members []Member
		want    []string
	}{
		{"nothing", nil, nil},
		{"one", []Member{member(0, ok, "a\n", "")}, []string{"web-0: exit 0, identical"}},
		{
			"the two that differ",
			[]Member{member(0, ok, "a\n", ""), member(1, failed, "", "no\n"), member(2, ok, "a\n", ""), member(3, ok, "a\n", ""), member(4, failed, "", "no\n")},
			[]string{"web-[0,2-3]: exit 0, identical", "web-[1,4]: exit 1, identical"},
		},
		{
			"of equal size: the lower code, then the name",
			[]Member{member(10, ok, "b\n", ""), member(1, failed, "", ""), member(9, ok, "a\n", "")},
			[]string{"web-9: exit 0, identical", "web-10: exit 0, identical", "web-1: exit 1, identical"},
		},
		{
			"each its own name",
			[]Member{member(0, ok, "web-0 10.0.0.0\n", ""), member(1, ok, "web-1 10.0.0.1\n", ""), member(2, ok, "web-2\n", "")},
			[]string{"web-[0-1]: exit 0, pod name ×1, pod IP ×1", "web-2: exit 0, identical"},
		},
		{
			"all the same names: nothing is set apart",
			[]Member{member(0, ok, peers, ""), member(1, ok, peers, ""), member(2, ok, peers, "")},
			[]string{"web-[0-2]: exit 0, identical"},
		},
		{
			"one has another's name",
			[]Member{member(0, ok, "web-0\n", ""), member(1, ok, "web-1\n", ""), member(2, ok, "web-1\n", "")},
			[]string{"web-[0-1]: exit 0, pod name ×1", "web-2: exit 0, identical"},
		},
		{
			"replaced and identical all the same",
			[]Member{member(0, ok, "node-1\n", ""), member(1, ok, "node-1\n", "")},
			[]string{"web-[0-1]: exit 0, identical"},
		},
		{
			"lost and not started",
			[]Member{
				member(0, Verdict{Outcome: "lost", Code: Unknown, Reason: "connection to web-0 lost"}, "a\n", ""),
				member(1, Verdict{Outcome: "lost", Code: Unknown, Reason: "connection to web-1 lost"}, "a\n", ""),
				member(2, Verdict{Outcome: "not-started", Code: Unknown}, "", ""),
				member(3, ok, "", ""),
			},
			[]string{"web-[0-1]: lost, pod name ×1", "web-2: not-started, identical", "web-3: exit 0, identical"},
		},
	} {
		t.Run(tc.about, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, outline(GroupBy(tc.members))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestGroupByLosesNobody checks groups of random members: everybody is in one, and
// all of one are equal in one of the two ways.
func TestGroupByLosesNobody(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 9))
	for range 200 {
		members := make([]Member, rnd.IntN(60))
		for i := range members {
			text := ""
			for range rnd.IntN(3) {
				text += fmt.Sprintf("web-%d ", rnd.IntN(4))
			}
			members[i] = member(rnd.IntN(6), ok, text, "")
		}
		seen := make([]int, len(members))
		size := len(members) + 1
		for _, g := range GroupBy(members) {
			if len(g.Members) > size || len(g.Members) == 0 {
				t.Fatalf("a group of %d after one of %d", len(g.Members), size)
			}
			size = len(g.Members)
			raw, clean := true, true
			first := members[g.Members[0]]
			for _, i := range g.Members {
				seen[i]++
				raw = raw && members[i].Raw == first.Raw
				clean = clean && members[i].Print == first.Print
			}
			if !raw && !clean || g.Identical != raw {
				t.Fatalf("raw %v, clean %v, Identical %v", raw, clean, g.Identical)
			}
		}
		for i, n := range seen {
			if n != 1 {
				t.Fatalf("member %d is in %d groups", i, n)
			}
		}
	}
}

func BenchmarkGroupByAllDifferent(b *testing.B) {
	members := make([]Member, 10_000)
	for i := range members {
		members[i] = member(i, ok, fmt.Sprint(i), "")
	}
	for b.Loop() {
		if got := len(GroupBy(members)); got != len(members) {
			b.Fatal(got)
		}
	}
}
