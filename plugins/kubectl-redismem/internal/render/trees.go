package render

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/google/pprof/profile"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/hierarchy"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// leaves calls visit for each leaf, with the nodes from the root's child to it.
func leaves(n *hierarchy.Node, path []*hierarchy.Node, visit func([]*hierarchy.Node) error) error {
	if len(n.Children) == 0 {
		if len(path) == 0 {
			return nil // an empty report
		}
		return visit(path)
	}
	for _, c := range n.Children {
		if err := leaves(c, append(path, c), visit); err != nil {
			return err
		}
	}
	return nil
}

// frame is the name of a node in a stack, where cumulative names tell the same
// part of different prefixes apart.
func frame(n *hierarchy.Node) string {
	if n.Name == hierarchy.Own {
		return text(n.Full) + hierarchy.Own
	}
	return text(n.Full)
}

// writeFolded writes flame graph stacks, root first, with bytes.
func writeFolded(w io.Writer, r *report.Report) error {
	b := bufio.NewWriter(w)
	_ = leaves(hierarchy.Build(r), nil, func(path []*hierarchy.Node) error {
		names := make([]string, len(path))
		for i, n := range path {
			names[i] = strings.NewReplacer(";", `\x3b`, " ", `\x20`).Replace(frame(n)) // they separate
		}
		_, err := fmt.Fprintf(b, "%s %d\n", strings.Join(names, ";"), path[len(path)-1].Bytes)
		return err
	})
	return b.Flush()
}

// writePprof writes a profile, gzipped: prefixes as functions that call longer ones.
func writePprof(w io.Writer, r *report.Report) error {
	p := &profile.Profile{
		SampleType:        []*profile.ValueType{{Type: "keys", Unit: "count"}, {Type: "space", Unit: "bytes"}},
		DefaultSampleType: "space",
		TimeNanos:         max(r.Coverage.Started.UnixNano(), 0),
	}
	if r.Coverage.Started.IsZero() {
		p.TimeNanos = 0
	}
	known := map[*hierarchy.Node]*profile.Location{}
	locate := func(n *hierarchy.Node) *profile.Location {
		if known[n] == nil {
			id := uint64(len(known) + 1)
			f := &profile.Function{ID: id, Name: frame(n)}
			known[n] = &profile.Location{ID: id, Line: []profile.Line{{Function: f}}}
			p.Function, p.Location = append(p.Function, f), append(p.Location, known[n])
		}
		return known[n]
	}
	_ = leaves(hierarchy.Build(r), nil, func(path []*hierarchy.Node) error {
		leaf := path[len(path)-1]
		s := &profile.Sample{Value: []int64{leaf.Keys, leaf.Bytes}}
		for i := len(path) - 1; i >= 0; i-- { // pprof's stacks begin with the leaf
			s.Location = append(s.Location, locate(path[i]))
		}
		p.Sample = append(p.Sample, s)
		return nil
	})
	if err := p.CheckValid(); err != nil {
		return fmt.Errorf("making a profile: %w", err)
	}
	return p.Write(w)
}

// writeNCDU writes ncdu's JSON export, major version 1, minor 2: prefixes as
// directories, patterns as files.
func writeNCDU(w io.Writer, r *report.Report) error {
	root := hierarchy.Build(r)
	meta := map[string]any{"progname": "kubectl-redismem", "progver": report.APIVersion, "timestamp": max(r.Coverage.Started.Unix(), 0)}
	list := append([]any{map[string]any{"name": "/" + fileName(r.Source.Name)}}, entries(root.Children)...)
	return json.NewEncoder(w).Encode([]any{1, 2, meta, list})
}

func entries(nodes []*hierarchy.Node) []any {
	list := []any{}
	for _, n := range nodes {
		if len(n.Children) > 0 {
			list = append(list, append([]any{map[string]any{"name": fileName(n.Name)}}, entries(n.Children)...))
			continue
		}
		list = append(list, map[string]any{"name": fileName(n.Name), "asize": max(n.Bytes, 0), "dsize": max(n.Bytes, 0)})
	}
	return list
}

// fileName is a name that a directory can have: no slash, not empty, not . or ..
func fileName(s string) string {
	switch s = strings.ReplaceAll(text(s), "/", "∕"); s {
	case "", ".", "..":
		return "(" + s + ")"
	}
	return s
}
