package htmlreport

import "math"

// flatNode is a node as the script reads it: parents come before children, so a
// list is enough and no depth can exhaust a stack.
type flatNode struct {
	Name   string         `json:"n"`
	Title  string         `json:"t"`
	Parent int            `json:"p"` // -1: the root
	Values []float64      `json:"v"`
	Errors []float64      `json:"e,omitempty"`
	Ratios [][2]float64   `json:"r,omitempty"`
	Bins   [][][2]float64 `json:"d,omitempty"`
	Rest   bool           `json:"x,omitempty"`
	Mark   string         `json:"m,omitempty"`
}

// flatten lists the tree with sums in every node, and says where each node went.
func flatten(m Map) ([]flatNode, map[*Node]int) {
	var list []flatNode
	index := map[*Node]int{}
	add := func(n *Node, name, title string, parent int) int {
		f := flatNode{Name: plain(name), Title: plain(title), Parent: parent, Rest: n.Rest, Mark: plain(n.Mark),
			Values: make([]float64, len(m.Measures)), Errors: make([]float64, len(m.Measures)), Ratios: make([][2]float64, len(m.Ratios))}
		list = append(list, f)
		return len(list) - 1
	}
	own := func(i int, n *Node) {
		f := &list[i]
		copy(f.Values, n.Values)
		copy(f.Errors, n.Errors)
		copy(f.Ratios, n.Ratios)
		for _, bins := range n.Bins {
			pairs := make([][2]float64, 0, len(bins))
			for _, b := range bins {
				pairs = append(pairs, [2]float64{b.From, math.Round(b.Count)})
			}
			f.Bins = append(f.Bins, pairs)
		}
	}
	type job struct {
		n      *Node
		parent int
	}
	for queue := []job{{m.Root, -1}}; len(queue) > 0; queue = queue[1:] {
		n, parent := queue[0].n, queue[0].parent
		i := add(n, n.Name, n.Title, parent)
		index[n] = i
		switch {
		case len(n.Children) == 0:
			own(i, n)
		case nonzero(n.Values):
			own(add(n, "(exactly this)", n.Title, i), n)
		}
		for _, c := range n.Children {
			queue = append(queue, job{c, i})
		}
	}
	sum(list)
	for n, i := range index {
		if len(n.Children) > 0 && len(n.Errors) > 0 && !nonzero(n.Values) {
			copy(list[i].Errors, n.Errors)
		}
	}
	return list, index
}

func nonzero(values []float64) bool {
	for _, v := range values {
		if v != 0 {
			return true
		}
	}
	return false
}

// sum adds every node to its parent, the deepest first. Half-widths of intervals
// add up as those of independent estimates do.
func sum(list []flatNode) {
	for i := len(list) - 1; i > 0; i-- {
		n, p := &list[i], &list[list[i].Parent]
		for k, v := range n.Values {
			p.Values[k] += v
			p.Errors[k] = math.Hypot(p.Errors[k], n.Errors[k])
		}
		for k, r := range n.Ratios {
			p.Ratios[k][0] += r[0]
			p.Ratios[k][1] += r[1]
		}
	}
}
