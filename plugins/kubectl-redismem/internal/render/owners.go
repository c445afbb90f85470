package render

import (
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// used is a line of who uses what.
type used struct{ pattern, workload, reads, writes string }

// uses are the lines, the report's groups first. A pattern is named once.
func uses(o *report.Owners) (lines []used) {
	add := func(name string, users []report.User) {
		for _, u := range users {
			lines = append(lines, used{name, text(u.Workload), perSecond(u.Reads, o.Seconds), perSecond(u.Writes, o.Seconds)})
			name = ""
		}
	}
	for _, g := range o.Groups {
		add(displayName(g.Pattern), g.Users)
	}
	add(otherName, o.Other)
	return lines
}

// perSecond keeps the little that happens from looking like nothing.
func perSecond(n int64, seconds float64) string {
	rate := float64(n) / max(seconds, 0.001)
	switch {
	case n == 0:
		return "0"
	case rate < 10:
		return fmt.Sprintf("%.2g", rate)
	}
	return number(int64(rate + 0.5))
}

func connections(c report.Client) []string {
	memory := "?"
	if c.Memory >= 0 {
		memory = output.Bytes(c.Memory)
	}
	return []string{text(c.Workload), number(int64(c.Connections)), memory}
}

// seen says how much the lines rest on.
func seen(o *report.Owners) string {
	return fmt.Sprintf("%d commands in %.1f s", o.Commands, o.Seconds)
}

func (v *view) owners(b *strings.Builder) {
	o := v.Owners
	if o == nil {
		return
	}
	if o.Seconds > 0 {
		fmt.Fprintf(b, "who uses which keys, by %s\n", seen(o))
	}
	if lines := uses(o); len(lines) > 0 {
		t := output.Table{NoHeaders: v.NoHeaders, Columns: []output.Column{{Header: "PATTERN", Shrink: true, Middle: true}, {Header: "USED BY"},
			{Header: "READS/S", Right: true}, {Header: "WRITES/S", Right: true}}}
		for _, l := range lines {
			t.Rows = append(t.Rows, []string{l.pattern, l.workload, l.reads, l.writes})
		}
		_ = t.Write(b, v.Width) // a Builder takes everything
	}
	if len(o.Clients) > 0 {
		t := output.Table{NoHeaders: v.NoHeaders, Columns: []output.Column{{Header: "CLIENT", Shrink: true}, {Header: "CONNECTIONS", Right: true}, {Header: "MEMORY", Right: true}}}
		for _, c := range o.Clients {
			t.Rows = append(t.Rows, connections(c))
		}
		b.WriteByte('\n')
		_ = t.Write(b, v.Width)
	}
	for _, n := range o.Notes {
		fmt.Fprintf(b, "note: %s\n", text(n))
	}
}

func (v *view) markdownOwners(b *strings.Builder) {
	o := v.Owners
	if o == nil {
		return
	}
	fmt.Fprintf(b, "\n### Who uses which keys: %s\n\n| Pattern | Used by | Reads/s | Writes/s |\n|---|---|--:|--:|\n", seen(o))
	for _, l := range uses(o) {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", inline(l.pattern), inline(l.workload), l.reads, l.writes)
	}
	b.WriteString("\n| Client | Connections | Memory |\n|---|--:|--:|\n")
	for _, c := range o.Clients {
		cells := connections(c)
		fmt.Fprintf(b, "| %s | %s | %s |\n", inline(cells[0]), cells[1], cells[2])
	}
	b.WriteByte('\n')
	for _, n := range o.Notes {
		fmt.Fprintf(b, "- %s\n", inline(n))
	}
}
