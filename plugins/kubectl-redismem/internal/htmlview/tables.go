package htmlview

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/htmlreport"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func bytesCell(n int64) htmlreport.Cell { return htmlreport.Cell{Text: size(n), Value: float64(n)} }

func groups(r *report.Report, nodes map[string]*htmlreport.Node) htmlreport.Table {
	t := htmlreport.Table{Title: "Patterns", Note: "A click on a row shows it in the map.", Columns: []htmlreport.Column{
		{Label: "Pattern", Name: true}, {Label: "Memory", Numeric: true, Help: "bytes of all keys, with the half-width of the 95 % interval"},
		{Label: "Share", Numeric: true, Help: "of the memory of all keys"}, {Label: "Keys", Numeric: true}, {Label: "Average", Numeric: true},
		{Label: "p50", Numeric: true, Help: "half of the keys are smaller"}, {Label: "p99", Numeric: true, Help: "99 % of the keys are smaller"},
		{Label: "Largest", Numeric: true}, {Label: "No TTL", Numeric: true, Help: "share of the sampled keys"}, {Label: "Types"},
	}}
	row := func(name string, f report.Figures, d *report.Details) htmlreport.Row {
		share := float64(f.Bytes) / float64(max(r.Totals.Bytes, 1))
		noTTL, types := htmlreport.Cell{Text: "?", Value: -1}, htmlreport.Cell{Text: "?"}
		if d != nil && d.Sampled > 0 {
			v := float64(d.NoTTL) / float64(d.Sampled)
			noTTL = htmlreport.Cell{Text: htmlreport.FormatShare(v), Value: v}
			types.Text = strings.Join(slices.Sorted(maps.Keys(d.Types)), ", ")
		}
		keys := htmlreport.Cell{Text: count(f.Keys), Value: float64(f.Keys)}
		if f.KeysError > 0 {
			keys.Small = "± " + count(f.KeysError)
		}
		memory := bytesCell(f.Bytes)
		memory.Small = plusMinus("± ", f.BytesError)
		return htmlreport.Row{Cells: []htmlreport.Cell{{Text: name}, memory, {Text: htmlreport.FormatShare(share), Value: share, Bar: share},
			keys, bytesCell(f.Avg), known(f.P50, f.Sized), known(f.P99, f.Sized), known(f.Max, f.Sized), noTTL, types}}
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		line := row(g.Pattern, g.Figures, g.Detail)
		line.Node = nodes[g.Pattern]
		if g.Pinned {
			line.Mark = "pinned"
		}
		t.Rows = append(t.Rows, line)
	}
	if r.Other.Keys > 0 || r.Other.Bytes > 0 {
		t.Rows = append(t.Rows, row(fmt.Sprintf("(other: %d smaller patterns)", r.Other.Patterns), r.Other.Figures, nil))
	}
	return withoutUnknown(t)
}

// withoutUnknown drops the columns in which no row knows anything.
func withoutUnknown(t htmlreport.Table) htmlreport.Table {
	for i := len(t.Columns) - 1; i >= 0 && len(t.Rows) > 0; i-- {
		if slices.ContainsFunc(t.Rows, func(r htmlreport.Row) bool { return r.Cells[i].Text != "?" }) {
			continue
		}
		t.Columns = slices.Delete(t.Columns, i, i+1)
		for k := range t.Rows {
			t.Rows[k].Cells = slices.Delete(t.Rows[k].Cells, i, i+1)
		}
	}
	return t
}

// known keeps what was never asked from looking like 0.
func known(n, sized int64) htmlreport.Cell {
	if sized == 0 || n == 0 { // no key takes 0 bytes
		return htmlreport.Cell{Text: "?", Value: -1}
	}
	return bytesCell(n)
}

func biggest(r *report.Report) htmlreport.Table {
	t := htmlreport.Table{Title: "Biggest keys", Columns: []htmlreport.Column{{Label: "Key", Name: true}, {Label: "Memory", Numeric: true},
		{Label: "Type"}, {Label: "Elements", Numeric: true}, {Label: "TTL", Numeric: true}, {Label: "Database"}}}
	for _, k := range r.Biggest {
		elements, ttl := htmlreport.Cell{Text: "?", Value: -1}, htmlreport.Cell{Text: "?", Value: -2}
		if k.Elements >= 0 {
			elements = htmlreport.Cell{Text: count(k.Elements), Value: float64(k.Elements)}
		}
		if k.TTL >= 0 {
			ttl = htmlreport.Cell{Text: htmlreport.FormatSeconds(float64(k.TTL)), Value: float64(k.TTL)}
		} else if k.TTL == -1 {
			ttl = htmlreport.Cell{Text: "none", Value: -1}
		}
		t.Rows = append(t.Rows, htmlreport.Row{Cells: []htmlreport.Cell{{Text: k.Name}, bytesCell(k.Bytes),
			{Text: strings.TrimSpace(k.Type + " " + k.Encoding)}, elements, ttl, {Text: strings.TrimSpace(k.Server + " " + strconv.Itoa(k.DB))}}})
	}
	return t
}

func owners(r *report.Report) htmlreport.Table {
	t := htmlreport.Table{Title: "Who uses the keys", Columns: []htmlreport.Column{{Label: "Pattern", Name: true}, {Label: "Workload"},
		{Label: "Reads", Numeric: true}, {Label: "Writes", Numeric: true}}}
	if r.Owners == nil {
		return t
	}
	t.Note = fmt.Sprintf("%s commands seen in %s. %s", count(r.Owners.Commands), htmlreport.FormatSeconds(r.Owners.Seconds), strings.Join(r.Owners.Notes, "; "))
	add := func(pattern string, users []report.User) {
		for _, u := range users {
			t.Rows = append(t.Rows, htmlreport.Row{Cells: []htmlreport.Cell{{Text: pattern}, {Text: u.Workload},
				{Text: count(u.Reads), Value: float64(u.Reads)}, {Text: count(u.Writes), Value: float64(u.Writes)}}})
		}
	}
	for _, g := range r.Owners.Groups {
		add(g.Pattern, g.Users)
	}
	add("(other)", r.Owners.Other)
	return t
}

func clients(r *report.Report) htmlreport.Table {
	t := htmlreport.Table{Title: "Clients", Columns: []htmlreport.Column{{Label: "Workload", Name: true}, {Label: "Connections", Numeric: true},
		{Label: "Memory", Numeric: true, Help: "of the server, for its buffers"}}}
	if r.Owners == nil {
		return t
	}
	for _, c := range r.Owners.Clients {
		memory := htmlreport.Cell{Text: "?", Value: -1}
		if c.Memory >= 0 {
			memory = bytesCell(c.Memory)
		}
		t.Rows = append(t.Rows, htmlreport.Row{Cells: []htmlreport.Cell{{Text: c.Workload}, {Text: count(int64(c.Connections)), Value: float64(c.Connections)}, memory}})
	}
	return t
}

func waterfall(l *report.Ledger) *htmlreport.Waterfall {
	if l == nil {
		return nil
	}
	w := &htmlreport.Waterfall{Title: "From used memory to keys", Total: htmlreport.Step{Label: "Used memory", Bytes: l.Used, Source: "INFO memory used_memory"}, Notes: l.Notes}
	for _, i := range l.Items {
		w.Steps = append(w.Steps, htmlreport.Step{Label: i.Label, Bytes: i.Bytes, Source: i.Source, Strong: i.ID == "keys", Weak: i.ID == "residual"})
	}
	return w
}

func receipt(c report.Cost) htmlreport.Receipt {
	told := func(v float64, text string) string {
		if v < 0 {
			return "not told"
		}
		return text
	}
	r := htmlreport.Receipt{Title: "What this report cost the servers", Facts: []htmlreport.Fact{
		{Label: "CPU time", Value: told(c.ServerCPUSeconds, htmlreport.FormatSeconds(c.ServerCPUSeconds))},
		{Label: "Share of one CPU", Value: told(c.ServerCPUShare, htmlreport.FormatShare(c.ServerCPUShare))},
		{Label: "Longest command", Value: told(c.LongestStall, htmlreport.FormatSeconds(c.LongestStall))},
		{Label: "Commands", Value: count(c.Commands)},
	}}
	if c.BytesReceived > 0 {
		r.Facts = append(r.Facts, htmlreport.Fact{Label: "Sent, received", Value: size(c.BytesSent) + ", " + size(c.BytesReceived)})
	}
	if c.Throttled > 0 {
		r.Facts = append(r.Facts, htmlreport.Fact{Label: "Waited", Value: htmlreport.FormatSeconds(c.Throttled), Note: strings.Join(c.ThrottledFor, ", ")})
	}
	return r
}

var notes = []htmlreport.Fact{
	{Label: "Memory", Value: "What MEMORY USAGE tells for a key: its name, its value and what the server needs to hold them."},
	{Label: "±", Value: "Half-width of a 95 % interval. Where there is none, the figure is exact."},
	{Label: "p50, p99", Value: "From a histogram whose bins are a factor of 2^¼ wide."},
	{Label: "No TTL, types", Value: "From a sample of each pattern's keys. A question mark means that nobody asked."},
	{Label: "Other", Value: "What the patterns in the table leave; patterns and other always add up to the total."},
}
