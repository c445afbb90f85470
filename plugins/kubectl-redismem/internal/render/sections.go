package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// sections writes what was asked for after the table, each after an empty line.
func (v *view) sections(w io.Writer) error {
	var b strings.Builder
	for _, s := range []struct {
		which Sections
		write func(*strings.Builder)
	}{
		{Owners, v.owners}, {Brief, v.brief}, {Accounting, v.accounting}, {Biggest, v.biggest}, {Sizes, v.distributions}, {Advice, v.advice}, {Cost, v.cost},
	} {
		if v.Sections&s.which == 0 {
			continue
		}
		var text strings.Builder
		if s.write(&text); text.Len() > 0 {
			b.WriteString("\n" + text.String())
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (v *view) accounting(b *strings.Builder) {
	l := v.Accounting
	if l == nil {
		return
	}
	fmt.Fprintf(b, "used memory %s\n", output.Bytes(l.Used))
	t := output.Table{NoHeaders: true, Columns: []output.Column{{Shrink: true}, {Right: true}, {Right: true}, {Drop: 1}}}
	for _, i := range l.Items {
		t.Rows = append(t.Rows, []string{"  " + text(i.Label), output.Bytes(i.Bytes), percent(share(i.Bytes, l.Used)), bar(share(i.Bytes, l.Used))})
	}
	_ = t.Write(b, v.Width) // a Builder takes everything
	if l.Resident > 0 {
		fmt.Fprintf(b, "resident %s, %.2f times what is used\n", output.Bytes(l.Resident), l.Fragmentation)
	}
	for _, n := range l.Notes {
		fmt.Fprintf(b, "note: %s\n", text(n))
	}
}

func (v *view) cost(b *strings.Builder) { fmt.Fprintf(b, "cost: %s\n", receipt(v.Report.Cost)) }

// receipt is what a scan cost, on one line.
func receipt(c report.Cost) string {
	parts := []string{"server CPU not told"}
	if c.ServerCPUSeconds >= 0 {
		parts[0] = fmt.Sprintf("%.2f s of server CPU", c.ServerCPUSeconds)
		if c.ServerCPUShare >= 0 {
			parts[0] += fmt.Sprintf(" (%.0f%% of one)", c.ServerCPUShare*100)
		}
	}
	if c.LongestStall >= 0 {
		parts = append(parts, fmt.Sprintf("longest own stall %.1f ms", c.LongestStall*1000))
	}
	parts = append(parts, fmt.Sprintf("%d commands", c.Commands), output.Bytes(c.BytesSent)+" sent", output.Bytes(c.BytesReceived)+" received")
	if c.Throttled > 0 {
		parts = append(parts, fmt.Sprintf("waited %.1f s for %s", c.Throttled, text(strings.Join(c.ThrottledFor, ", "))))
	}
	return strings.Join(parts, ", ")
}

func (v *view) advice(b *strings.Builder) {
	for _, a := range v.Report.Advice {
		fmt.Fprintf(b, "%s: %s\n    %s\n    %s\n", text(a.Severity), title(a), text(a.Why), text(a.What))
	}
}

// brief is what somebody who was woken up has to know: no more than three lines,
// and none of mere notes.
func (v *view) brief(b *strings.Builder) {
	const most = 3
	shown := 0
	for _, a := range v.Report.Advice {
		if a.Severity == "note" {
			continue
		}
		if shown++; shown > most {
			return
		}
		fmt.Fprintf(b, "%s: %s\n", text(a.Severity), title(a))
	}
}

func title(a report.Advice) string {
	s := text(a.Title)
	if a.Saves > 0 {
		s += ", might save " + output.Bytes(a.Saves)
	}
	return s
}

func (v *view) biggest(b *strings.Builder) {
	if len(v.Biggest) == 0 {
		return
	}
	t := output.Table{NoHeaders: v.NoHeaders, Columns: []output.Column{{Header: "BIGGEST KEYS", Shrink: true, Middle: true},
		{Header: "SIZE", Right: true}, {Header: "TYPE"}, {Header: "ELEMENTS", Right: true}, {Header: "TTL", Right: true}, {Header: "DB", Right: true, Drop: 1}}}
	for _, k := range v.Biggest {
		elements, ttl := "-", "?"
		if k.Elements >= 0 {
			elements = number(k.Elements)
		}
		switch {
		case k.TTL >= 0:
			ttl = span(k.TTL)
		case k.TTL == -1:
			ttl = "none"
		}
		t.Rows = append(t.Rows, []string{displayName(k.Name), output.Bytes(k.Bytes), or(text(k.Type)), elements, ttl, number(int64(k.DB))})
	}
	_ = t.Write(b, v.Width)
}

// distributions shows the sizes of the groups that matter most.
func (v *view) distributions(b *strings.Builder) {
	const most = 3
	for _, g := range v.groups[:min(most, len(v.groups))] {
		if len(g.Sizes) == 0 {
			continue
		}
		var total int64
		for _, bin := range g.Sizes {
			total += bin.Count
		}
		t := output.Table{NoHeaders: true, Columns: []output.Column{{Right: true}, {Right: true}, {}}}
		for _, bin := range g.Sizes {
			t.Rows = append(t.Rows, []string{"  ≥ " + output.Bytes(bin.From), number(bin.Count), bar(share(bin.Count, total))})
		}
		fmt.Fprintf(b, "sizes of %s\n", displayName(g.Pattern))
		_ = t.Write(b, v.Width)
	}
}

func text(s string) string { return short(streams.SanitizeLine(s)) }
