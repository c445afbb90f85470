// Package hierarchy arranges a report's groups as a tree, for the formats that
// show one: treemaps, flame graphs, profiles and disk-usage browsers.
//
// The figures of a node are always the sum of its children's, and the root's are
// the sum of all groups and of what they leave: nothing is counted twice or lost.
package hierarchy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Names of nodes that are no part of a key. No pattern has them, because a
// backslash tells a key of that very name from them; see [Build].
const (
	Root  = "(keys)"
	Own   = "(own)"   // keys of a pattern that is also the beginning of longer ones
	Other = "(other)" // what the groups leave
	Empty = "(empty)" // the key without a name
)

// Node is a part of the keys' names, with all that begins with it.
type Node struct {
	Name        string // one part: session:
	Full        string // the parts from the root on: app:session:
	Keys, Bytes int64
	Group       *report.Group // of a leaf that is a group; nil for inner nodes and Other
	Children    []*Node       // by bytes, the largest first
}

// Build arranges the groups by their Path, or by their Pattern where a group has
// no path. A group whose pattern is the beginning of another's becomes the child
// [Own] of their common node.
func Build(r *report.Report) *Node {
	root := &builder{Node: &Node{Name: Root}}
	for i := range r.Groups {
		root.add(&r.Groups[i])
	}
	if o := r.Other; o.Patterns > 0 || o.Keys > 0 || o.Bytes > 0 {
		root.leaf(&Node{Name: Other, Full: Other, Keys: o.Keys, Bytes: o.Bytes})
	}
	root.finish()
	return root.Node
}

// builder is a node with what finds its children again.
type builder struct {
	*Node
	index map[string]*builder
	inner []*builder
}

func (b *builder) add(g *report.Group) {
	parts := slices.DeleteFunc(slices.Clone(g.Path), func(part string) bool { return part == "" })
	if len(parts) == 0 {
		parts = []string{g.Pattern}
	}
	at := b
	for _, part := range parts {
		at = at.child(name(part))
	}
	at.leaf(&Node{Name: Own, Full: at.Full, Keys: g.Keys, Bytes: g.Bytes, Group: g})
}

// name keeps keys from looking like a node that stands for something else.
func name(part string) string {
	switch part {
	case "":
		return Empty
	case Root, Own, Other, Empty:
		return `\` + part
	}
	return part
}

func (b *builder) child(part string) *builder {
	if c := b.index[part]; c != nil {
		return c
	}
	c := &builder{Node: &Node{Name: part, Full: strings.TrimPrefix(b.Full+part, Empty)}}
	if part == Empty {
		c.Full = Empty
	}
	if b.index == nil {
		b.index = map[string]*builder{}
	}
	b.index[part] = c
	b.inner = append(b.inner, c)
	return c
}

func (b *builder) leaf(n *Node) { b.Children = append(b.Children, n) }

// finish sums up, sorts, and makes a leaf of each node that is nothing but one group.
func (b *builder) finish() {
	for _, c := range b.inner {
		c.finish()
		b.Children = append(b.Children, c.Node)
	}
	if only := b.Children; b.Name != Root && len(only) == 1 && only[0].Name == Own {
		b.Group, b.Children = only[0].Group, nil
		b.Keys, b.Bytes = only[0].Keys, only[0].Bytes
		return
	}
	for _, c := range b.Children {
		b.Keys += c.Keys
		b.Bytes += c.Bytes
	}
	slices.SortStableFunc(b.Children, func(x, y *Node) int {
		return cmp.Or(cmp.Compare(y.Bytes, x.Bytes), cmp.Compare(y.Keys, x.Keys), strings.Compare(x.Name, y.Name))
	})
}
