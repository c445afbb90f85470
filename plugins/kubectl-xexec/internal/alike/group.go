package alike

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/fold"
)

// Member is one target with what is known of it.
type Member struct {
	Name string // as people should see it, such as "web-0" or "prod/web-0"
	Verdict
	Sum
}

// Group is targets that are the same.
type Group struct {
	Print Print
	Verdict
	Members []int    // indexes of what GroupBy was given, in the order of their names
	Names   []string // of the members, in the same order
	// Representative is the index of the member whose output stands for all.
	Representative int
	// Identical is whether all members are the same byte for byte, so that the output
	// can be shown as it is.
	Identical bool
	// Masked is what was replaced in the output of the representative to make it that
	// of the group; nothing in a group that is Identical.
	Masked Counts

	raw bool // its members are the same only as they are
}

// GroupBy puts together the members that are the same: either all with everything
// replaced, or all byte for byte. Where both ways are open it takes the larger
// group first. The groups are sorted by size, the largest first, then by exit code,
// then by name.
func GroupBy(members []Member) []Group {
	classes := classesOf(members)
	heap.Init(&classes)
	taken := make([]bool, len(members))
	var groups []Group
	for len(classes) > 0 {
		largest := heap.Pop(&classes).(*class)
		// Others may have taken members from it since it was put there.
		before := len(largest.members)
		largest.members = slices.DeleteFunc(largest.members, func(i int) bool { return taken[i] })
		if len(largest.members) < before {
			if len(largest.members) > 0 {
				heap.Push(&classes, largest)
			}
			continue
		}
		for _, i := range largest.members {
			taken[i] = true
		}
		groups = append(groups, largest.group(members))
	}
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(len(b.Members), len(a.Members)), cmp.Compare(a.Code, b.Code), fold.Compare(a.Names[0], b.Names[0]))
	})
	return groups
}

// class is members with an equal fingerprint of one kind.
type class struct {
	raw     bool
	print   Print
	members []int
}

// classesOf returns the classes of both kinds: each member is in two of them.
func classesOf(members []Member) classHeap {
	var all classHeap
	for _, raw := range []bool{false, true} {
		at := map[Print]*class{}
		for i, m := range members {
			print := m.Sum.Print
			if raw {
				print = m.Raw
			}
			if at[print] == nil {
				at[print] = &class{raw: raw, print: print}
				all = append(all, at[print])
			}
			at[print].members = append(at[print].members, i)
		}
	}
	return all
}

func (c *class) group(members []Member) Group {
	slices.SortStableFunc(c.members, func(a, b int) int { return fold.Compare(members[a].Name, members[b].Name) })
	first := members[c.members[0]]
	g := Group{
		Print: c.print, Verdict: first.Verdict,
		Members: c.members, Representative: c.members[0],
		Identical: true, Masked: first.Masked, raw: c.raw,
	}
	for _, i := range c.members {
		g.Names = append(g.Names, members[i].Name)
		g.Identical = g.Identical && members[i].Raw == first.Raw
	}
	if g.Identical {
		g.Masked = Counts{}
	}
	return g
}

// classHeap has the largest class on top, of equally large ones that with
// everything replaced, then that of the earliest member.
type classHeap []*class

func (h classHeap) Len() int      { return len(h) }
func (h classHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h classHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	switch {
	case len(a.members) != len(b.members):
		return len(a.members) > len(b.members)
	case a.raw != b.raw:
		return b.raw
	}
	return a.members[0] < b.members[0]
}

// Push implements heap.Interface.
func (h *classHeap) Push(c any) { *h = append(*h, c.(*class)) }

// Pop implements heap.Interface.
func (h *classHeap) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	*h = (*h)[:last]
	return c
}
