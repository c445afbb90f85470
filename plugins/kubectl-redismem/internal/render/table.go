package render

import (
	"fmt"
	"io"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func (v *view) table(w io.Writer, wide bool) error {
	t := output.Table{NoHeaders: v.NoHeaders, Columns: []output.Column{
		{Header: "PATTERN", Shrink: true, Middle: true}, {Header: "KEYS", Right: true}, {Header: "SIZE", Right: true},
		{Header: "SHARE", Right: true}, {Header: "AVG", Right: true, Drop: 2}, {Header: "MAX", Right: true, Drop: 3}, {Header: "", Drop: 1},
	}}
	limit := v.Width
	if wide { // is wide because somebody asked for it: nothing is dropped
		limit = 0
		t.Columns = append(t.Columns[:6], output.Column{Header: "P50", Right: true}, output.Column{Header: "P99", Right: true},
			output.Column{Header: "TYPE"}, output.Column{Header: "NOTTL", Right: true}, output.Column{Header: "TTL", Right: true},
			output.Column{Header: "IDLE", Right: true}, output.Column{Header: "ENCODING"}, output.Column{Header: "SHAPE"})
	}
	grown := newGrowth(v.Before, v.Report)
	if grown != nil {
		t.Columns = slices.Insert(t.Columns, 3, output.Column{Header: "GROWTH", Right: true})
	}
	add := func(name string, f report.Figures, graph string, g *report.Group) {
		row := []string{name, keys(f), size(f), percent(share(f.Bytes, v.Totals.Bytes)), sized(f, f.Avg), sized(f, f.Max)}
		if wide {
			row = append(row, wideCells(f, g)...)
		} else {
			row = append(row, graph)
		}
		if grown != nil {
			rate := "" // what the groups leave are not the same patterns as before
			switch {
			case g != nil:
				rate = grown.cell(g.Pattern)
			case name == totalName:
				rate = grown.rate(grown.Totals)
			}
			row = slices.Insert(row, 3, rate)
		}
		t.Rows = append(t.Rows, row)
	}
	for i, g := range v.groups {
		add(displayName(g.Pattern), g.Figures, bar(share(g.Bytes, v.Totals.Bytes)), &v.groups[i])
	}
	if v.hasOther() {
		add(v.otherLabel(), v.other.Figures, bar(share(v.other.Bytes, v.Totals.Bytes)), nil)
	}
	add(totalName, v.Totals, "", nil)
	if err := t.Write(w, limit); err != nil {
		return err
	}
	return v.sections(w)
}

func (v *view) otherLabel() string {
	if v.other.Patterns == 0 {
		return otherName
	}
	return fmt.Sprintf("%s of %d patterns", otherName, v.other.Patterns)
}

// wideCells are "-" where nothing was asked.
func wideCells(f report.Figures, g *report.Group) []string {
	cells := []string{"-", "-", "-", "-", "-", "-", "-", ""}
	if f.P50 > 0 || f.P99 > 0 {
		cells[0], cells[1] = output.Bytes(f.P50), output.Bytes(f.P99)
	}
	if g == nil {
		return cells
	}
	if d := g.Detail; d != nil && d.Sampled > 0 {
		cells[2], cells[3] = or(mix(d.Types)), fmt.Sprintf("%.0f%%", share(d.NoTTL, d.Sampled)*100)
		cells[4], cells[5], cells[6] = medianSpan(d.TTL), medianSpan(d.Idle), or(mix(d.Encodings))
	}
	cells[7] = short(streams.SanitizeLine(g.Shape))
	return cells
}

func or(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
