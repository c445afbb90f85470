package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
)

// markdown writes GitHub's dialect: for an issue or an incident's log.
func (v *view) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## Memory of %s\n\n", inline(v.Source.Name))
	if !v.Coverage.Complete {
		fmt.Fprintf(&b, "**Partial:** %s\n\n", inline(strings.Join(v.Coverage.Reasons, "; ")))
	}
	b.WriteString("| Pattern | Keys | Size | Share | Avg | Max |\n|---|--:|--:|--:|--:|--:|\n")
	for _, g := range v.groups {
		v.markdownRow(&b, inline(displayName(g.Pattern)), keys(g.Figures), size(g.Figures), g.Bytes, sized(g.Figures, g.Avg), sized(g.Figures, g.Max))
	}
	if o := v.other.Figures; v.hasOther() {
		v.markdownRow(&b, v.otherLabel(), keys(o), size(o), o.Bytes, sized(o, o.Avg), sized(o, o.Max))
	}
	t := v.Totals
	v.markdownRow(&b, "**total**", keys(t), size(t), t.Bytes, sized(t, t.Avg), sized(t, t.Max))
	if l := v.Accounting; l != nil {
		fmt.Fprintf(&b, "\n### Used memory: %s\n\n| Part | Size | Share | Source |\n|---|--:|--:|---|\n", output.Bytes(l.Used))
		for _, i := range l.Items {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", inline(i.Label), output.Bytes(i.Bytes), percent(share(i.Bytes, l.Used)), inline(i.Source))
		}
	}
	v.markdownOwners(&b)
	if len(v.Report.Advice) > 0 {
		b.WriteString("\n### Advice\n\n")
		for _, a := range v.Report.Advice {
			fmt.Fprintf(&b, "- **%s: %s.** %s %s\n", inline(a.Severity), inline(title(a)), inline(a.Why), inline(a.What))
		}
	}
	fmt.Fprintf(&b, "\nCost: %s.\n", inline(receipt(v.Report.Cost)))
	_, err := io.WriteString(w, b.String())
	return err
}

func (v *view) markdownRow(b *strings.Builder, name, keys, size string, bytes int64, avg, most string) {
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", name, keys, size, percent(share(bytes, v.Totals.Bytes)), avg, most)
}

// inline makes text stand for itself: numeric references instead of what markdown
// or HTML would interpret, which hold in cells, where code spans cannot hide a |.
func inline(s string) string {
	var b strings.Builder
	for _, r := range text(s) {
		if strings.ContainsRune("|`<>&*_[]\\#~@!$", r) {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
