package output

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Column is one column of a [Table].
type Column struct {
	Header string
	Right  bool // align to the right, for numbers
	// Shrink lets the column lose its end, marked by an ellipsis, when the table
	// is wider than the terminal. At most one column should.
	Shrink bool
	// Middle takes what Shrink takes out of the middle, for cells whose ends tell
	// them apart.
	Middle bool
	// Drop, if not 0, lets the whole column go when a shrinking one would become
	// hard to read otherwise; the lowest number goes first.
	Drop int
}

// Table is an aligned table in kubectl's style: upper-case headers, columns two
// blanks apart, no rules, no wrapped lines. Cells must be free of control
// characters.
type Table struct {
	Columns   []Column
	Rows      [][]string
	NoHeaders bool
}

const (
	gap       = "  "
	ellipsis  = "…"
	minShrunk = 8  // narrower than this a shrunk column says nothing
	readable  = 32 // narrower than this it is worth more than columns that may go
)

// Write prints the table. Width is the number of terminal columns it may take; 0
// means no limit.
func (t *Table) Write(w io.Writer, maxWidth int) error {
	widths := t.widths()
	if fewer := t.dropFor(widths, maxWidth); fewer != nil {
		return fewer.Write(w, maxWidth)
	}
	t.shrink(widths, maxWidth)
	var b strings.Builder
	if !t.NoHeaders {
		headers := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			headers[i] = c.Header
		}
		t.line(&b, headers, widths)
	}
	for _, row := range t.Rows {
		t.line(&b, row, widths)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) widths() []int {
	widths := make([]int, len(t.Columns))
	if !t.NoHeaders {
		for i, c := range t.Columns {
			widths[i] = cells(c.Header)
		}
	}
	for _, row := range t.Rows {
		for i := range min(len(row), len(widths)) {
			widths[i] = max(widths[i], cells(row[i]))
		}
	}
	return widths
}

// dropFor returns t without its next column to go, or nil if all can stay.
func (t *Table) dropFor(widths []int, maxWidth int) *Table {
	out, total, short := -1, len(gap)*(len(widths)-1), false
	for i, c := range t.Columns {
		total += widths[i]
		if c.Drop > 0 && (out < 0 || c.Drop < t.Columns[out].Drop) {
			out = i
		}
	}
	for i, c := range t.Columns {
		short = short || c.Shrink && widths[i]-(total-maxWidth) < min(readable, widths[i])
	}
	if maxWidth <= 0 || out < 0 || !short {
		return nil
	}
	fewer := &Table{Columns: without(t.Columns, out), NoHeaders: t.NoHeaders}
	for _, row := range t.Rows {
		fewer.Rows = append(fewer.Rows, without(row, out))
	}
	return fewer
}

func without[T any](list []T, i int) []T {
	if i >= len(list) {
		return list
	}
	return slices.Delete(slices.Clone(list), i, i+1)
}

func (t *Table) shrink(widths []int, maxWidth int) {
	if maxWidth <= 0 {
		return
	}
	total := len(gap) * (len(widths) - 1)
	for _, n := range widths {
		total += n
	}
	for i, c := range t.Columns {
		if over := total - maxWidth; c.Shrink && over > 0 {
			kept := max(widths[i]-over, min(minShrunk, widths[i]))
			total -= widths[i] - kept
			widths[i] = kept
		}
	}
}

func (t *Table) line(b *strings.Builder, row []string, widths []int) {
	var line strings.Builder
	for i, c := range t.Columns {
		if i > 0 {
			line.WriteString(gap)
		}
		cell := ""
		if i < len(row) {
			cell = c.fit(row[i], widths[i])
		}
		pad := strings.Repeat(" ", widths[i]-cells(cell))
		if c.Right {
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
	}
	b.WriteString(strings.TrimRight(line.String(), " "))
	b.WriteByte('\n')
}

func (c Column) fit(s string, n int) string {
	if cells(s) <= n {
		return s
	}
	tail := ""
	if c.Middle {
		for i := len(s); i > 0; {
			_, size := utf8.DecodeLastRuneInString(s[:i])
			if i -= size; cells(s[i:]) > (n-1)/2 {
				break
			}
			tail = s[i:]
		}
	}
	used := cells(tail)
	for i, r := range s {
		if used += runeCells(r); used > n-1 {
			return s[:i] + ellipsis + tail
		}
	}
	return s
}

// cells is the number of terminal columns that s takes: East Asian wide
// characters take two.
func cells(s string) int {
	n := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		n += runeCells(r)
		i += size
	}
	return n
}

func runeCells(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
