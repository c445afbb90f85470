package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/analysis"
)

func (o *options) print(r *analysis.Report) error {
	switch o.format {
	case formatJSON:
		return output.JSON(o.io.Out, r)
	case formatYAML:
		return output.YAML(o.io.Out, r)
	case formatCSV:
		return printCSV(o.io.Out, r)
	}
	return printTable(o.io.Out, r, o.io.Width(), o.noHeaders)
}

// emptyName stands for the pattern of the key whose name is empty. The backslash
// tells a key of that very name from it, and means the same to a glob.
const (
	emptyName    = "(empty)"
	notEmptyName = `\(empty)`
)

// displayName is what a table shows for a pattern.
func displayName(pattern string) string {
	switch pattern {
	case "":
		return emptyName
	case emptyName:
		return notEmptyName
	}
	return streams.SanitizeLine(pattern)
}

func printTable(w io.Writer, r *analysis.Report, width int, noHeaders bool) error {
	t := output.Table{NoHeaders: noHeaders, Columns: []output.Column{
		{Header: "PATTERN", Shrink: true, Middle: true}, {Header: "KEYS", Right: true}, {Header: "SIZE", Right: true},
		{Header: "SHARE", Right: true}, {Header: "AVG", Right: true, Drop: 2}, {Header: "MAX", Right: true, Drop: 3}, {Header: "", Drop: 1},
	}}
	add := func(name string, f analysis.Figures, graph string) {
		t.Rows = append(t.Rows, []string{name, strconv.FormatInt(f.Keys, 10), output.Bytes(f.Bytes),
			percent(share(f.Bytes, r.Totals.Bytes)), output.Bytes(f.Avg), output.Bytes(f.Max), graph})
	}
	for _, g := range r.Groups {
		add(displayName(g.Pattern), g.Figures, bar(share(g.Bytes, r.Totals.Bytes)))
	}
	if r.Other.Patterns > 0 {
		add(fmt.Sprintf("other (%d patterns)", r.Other.Patterns), r.Other.Figures, bar(share(r.Other.Bytes, r.Totals.Bytes)))
	}
	add("TOTAL", r.Totals, "")
	return t.Write(w, width)
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", share*100) }

const barCells = 10

// bar draws a share in eighths of a cell.
func bar(share float64) string {
	const eighths = 8
	n := int(share*barCells*eighths + 0.5)
	full := strings.Repeat("█", n/eighths)
	if rest := n % eighths; rest > 0 {
		full += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return full
}

// printCSV writes one row a group. The first six columns are fixed; the column
// kind tells the row of all other patterns from a group.
func printCSV(out io.Writer, r *analysis.Report) error {
	w := csv.NewWriter(out)
	row := func(name, kind string, f analysis.Figures) {
		cells := []string{guard(name)}
		for _, n := range []int64{f.Keys, f.Bytes, f.Avg, f.Min, f.Max} {
			cells = append(cells, strconv.FormatInt(n, 10))
		}
		_ = w.Write(append(cells, kind)) // the writer keeps the error
	}
	_ = w.Write([]string{"prefix", "totalKeys", "totalSize", "avgKeySize", "minKeySize", "maxKeySize", "kind"})
	for _, g := range r.Groups {
		kind := "group"
		if g.Pinned {
			kind = "pinned"
		}
		row(streams.SanitizeLine(g.Pattern), kind, g.Figures)
	}
	if r.Other.Patterns > 0 {
		row("(other)", "other", r.Other.Figures)
	}
	w.Flush()
	return w.Error()
}

// guard keeps spreadsheets from taking a name for a formula. What begins with
// the quote itself gets one more, so that taking off one gives the name back.
func guard(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@'", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// summarize says on stderr what the figures are about.
func summarize(w io.Writer, r *analysis.Report, used *redisconn.Credential) {
	s, c := r.Server, r.Coverage
	text := func(s string) string { return streams.SanitizeLine(s) }
	fmt.Fprintf(w, "%s: %s %s, %s, used memory %s", s.Address, text(s.Flavour), text(s.Version), text(s.Role), output.Bytes(s.UsedMemory))
	if s.MaxMemory > 0 {
		fmt.Fprintf(w, " of %s", output.Bytes(s.MaxMemory))
	}
	if used != nil {
		fmt.Fprintf(w, ", password from %s", text(used.Source))
	}
	fmt.Fprintf(w, "\n%d of %d keys in %.1f s", c.Seen, max(c.KeysBefore, c.Seen), c.Seconds)
	if c.Seconds > 0 {
		fmt.Fprintf(w, " (%s/s)", streams.Count(int64(float64(c.Seen)/c.Seconds)))
	}
	fmt.Fprintf(w, "; their sizes sum to %s\n", output.Bytes(r.Totals.Bytes))
	if s.Mode == "cluster" {
		fmt.Fprintln(w, "note: this is one node of a Redis Cluster; the report is about its keys only")
	}
	if c.Vanished > 0 {
		fmt.Fprintf(w, "note: %d keys were gone before their size was asked\n", c.Vanished)
	}
	if c.Repeats > 0 {
		fmt.Fprintf(w, "note: SCAN returned at least %d keys more than once, so the figures are a little too high\n", c.Repeats)
	}
	if changedMuch(c) {
		fmt.Fprintf(w, "note: the server had %d keys when the scan began and %d when it ended\n", c.KeysBefore, c.KeysAfter)
	}
	if c.Reconnects > 0 {
		fmt.Fprintf(w, "note: the connection was lost and resumed %d times; nothing is missing\n", c.Reconnects)
	}
}

// changedMuch reports whether a tenth of the keys came or went during the scan:
// more than its figures can pass over.
func changedMuch(c analysis.Coverage) bool {
	const few, part = 10, 10
	change := max(c.KeysBefore-c.KeysAfter, c.KeysAfter-c.KeysBefore)
	return c.KeysAfter >= 0 && change >= few && change >= max(c.KeysBefore, c.KeysAfter)/part
}
