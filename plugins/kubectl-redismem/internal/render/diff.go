package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/diff"
)

// DiffFormats are those that [WriteDiff] knows.
var DiffFormats = []string{Table, CSV, JSON, YAML, Markdown}

// WriteDiff writes a comparison. Of the options Width, Top and NoHeaders count.
func WriteDiff(w io.Writer, format string, d *diff.Diff, o Options) error {
	v := newDiffView(d, o)
	switch format {
	case JSON:
		return output.JSON(w, d)
	case YAML:
		return output.YAML(w, d)
	case Table:
		return v.table(w)
	case CSV:
		return v.csv(w)
	case Markdown:
		return v.markdown(w)
	}
	return hint.With(fmt.Errorf("unknown output format %q", format), "use one of "+strings.Join(DiffFormats, ", "))
}

// diffView is a comparison as it is shown: the rows that changed most, and one for
// all the rest.
type diffView struct {
	*diff.Diff
	Options
	shown  []diff.Row
	rest   diff.Change
	folded int
}

func newDiffView(d *diff.Diff, o Options) *diffView {
	v := &diffView{Diff: d, Options: o, rest: d.Other}
	for _, r := range d.Rows {
		if r.BytesDelta != 0 && (o.Top == 0 || len(v.shown) < o.Top) {
			v.shown = append(v.shown, r)
			continue
		}
		v.folded++
		v.rest.Add(r.Change)
	}
	return v
}

func (v *diffView) restLabel() string {
	if v.Other.KeysBefore+v.Other.KeysAfter > 0 {
		return fmt.Sprintf("%s and %d more patterns", otherName, v.folded)
	}
	return fmt.Sprintf("(%d more patterns)", v.folded)
}

func (v *diffView) hasRest() bool { return v.folded > 0 || v.Other.KeysBefore+v.Other.KeysAfter > 0 }

func signed(n int64) string {
	if n < 0 {
		return "-" + output.Bytes(-n)
	}
	return "+" + output.Bytes(n)
}

// delta is "~" after a change that may be none.
func delta(c diff.Change) string {
	switch {
	case c.BytesDelta == 0:
		return "0"
	case !c.Significant():
		return signed(c.BytesDelta) + " ~"
	}
	return signed(c.BytesDelta)
}

func relative(c diff.Change) string {
	if c.BytesBefore == 0 {
		return "-"
	}
	return fmt.Sprintf("%+.1f%%", float64(c.BytesDelta)/float64(c.BytesBefore)*100)
}

func perDay(c diff.Change) string {
	if !c.Significant() {
		return "-"
	}
	return signed(int64(math.Round(c.BytesPerDay)))
}

func state(s string) string {
	switch s {
	case diff.Both:
		return ""
	case diff.Unknown:
		return "new or hidden?"
	}
	return s
}

func rowState(r diff.Row) string {
	if r.State == diff.Unknown && r.BytesAfter == 0 {
		return "gone or hidden?"
	}
	if n := len(r.Includes); n > 0 {
		return fmt.Sprintf("with %d finer ones", n)
	}
	return state(r.State)
}

func (v *diffView) cells(name, state string, c diff.Change) []string {
	return []string{name, output.Bytes(c.BytesBefore), output.Bytes(c.BytesAfter), delta(c), relative(c), perDay(c), fmt.Sprintf("%+d", c.KeysDelta), state}
}

func (v *diffView) table(w io.Writer) error {
	t := output.Table{NoHeaders: v.NoHeaders, Columns: []output.Column{
		{Header: "PATTERN", Shrink: true, Middle: true}, {Header: "BEFORE", Right: true, Drop: 2}, {Header: "AFTER", Right: true},
		{Header: "CHANGE", Right: true}, {Header: "%", Right: true, Drop: 3}, {Header: "PER DAY", Right: true, Drop: 4},
		{Header: "KEYS", Right: true, Drop: 1}, {Header: "", Drop: 5},
	}}
	for _, r := range v.shown {
		t.Rows = append(t.Rows, v.cells(displayName(r.Pattern), rowState(r), r.Change))
	}
	if v.hasRest() {
		t.Rows = append(t.Rows, v.cells(v.restLabel(), "", v.rest))
	}
	t.Rows = append(t.Rows, v.cells(totalName, "", v.Totals))
	if err := t.Write(w, v.Width); err != nil {
		return err
	}
	var b strings.Builder
	for _, line := range v.outlook() {
		fmt.Fprintf(&b, "%s\n", text(line))
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := io.WriteString(w, "\n"+b.String())
	return err
}

// outlook is what people read after the numbers.
func (v *diffView) outlook() (lines []string) {
	lines = append(lines, fmt.Sprintf("used memory %s in %s", signed(v.Used.BytesDelta), span(int64(v.Seconds))))
	for _, p := range v.Projection {
		when := "not at this rate"
		switch {
		case p.Days == 0:
			when = "now"
		case p.Days > 0 && p.Days < 2:
			when = fmt.Sprintf("in %.0f hours at this rate", p.Days*24)
		case p.Days > 0:
			when = fmt.Sprintf("in %.0f days at this rate", p.Days)
		}
		lines = append(lines, fmt.Sprintf("%s has %s of %s: full %s", p.Server, output.Bytes(p.Used), output.Bytes(p.Max), when))
	}
	for _, n := range v.Notes {
		lines = append(lines, "note: "+n)
	}
	return lines
}

func (v *diffView) csv(out io.Writer) error {
	w := csv.NewWriter(out)
	if !v.NoHeaders {
		_ = w.Write([]string{"pattern", "state", "bytesBefore", "bytesAfter", "bytesDelta", "bytesError", "bytesPerDay", "keysBefore", "keysAfter", "keysDelta"})
	}
	row := func(name, state string, c diff.Change) {
		_ = w.Write([]string{guard(name), state, number(c.BytesBefore), number(c.BytesAfter), number(c.BytesDelta), number(c.BytesError),
			strconv.FormatFloat(c.BytesPerDay, 'f', 0, 64), number(c.KeysBefore), number(c.KeysAfter), number(c.KeysDelta)}) // the writer keeps the error
	}
	for _, r := range v.shown {
		row(streams.SanitizeLine(r.Pattern), r.State, r.Change)
	}
	if v.hasRest() {
		row(otherName, "other", v.rest)
	}
	w.Flush()
	return w.Error()
}

func (v *diffView) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## Growth of %s\n\n| Pattern | Before | After | Change | %% | Per day | Keys | |\n|---|--:|--:|--:|--:|--:|--:|---|\n", inline(v.After.Source))
	row := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	for _, r := range v.shown {
		row(v.cells(inline(displayName(r.Pattern)), rowState(r), r.Change))
	}
	if v.hasRest() {
		row(v.cells(inline(v.restLabel()), "", v.rest))
	}
	row(v.cells("**total**", "", v.Totals))
	b.WriteByte('\n')
	for _, line := range v.outlook() {
		fmt.Fprintf(&b, "- %s\n", inline(line))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
