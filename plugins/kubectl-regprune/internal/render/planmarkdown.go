package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/why"
)

// inDetail is how many tags and manifests are listed: an issue holds 64 KiB.
const inDetail = 300

// markdown writes GitHub's dialect, for an issue or a pull request.
func (v *planView) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## Prune plan for %s\n\n", inline(v.Registry.Name))
	for _, g := range v.Guards {
		fmt.Fprintf(&b, "**Refused:** %s (%s overrules).\n\n", inline(g.Text), inline(g.Overrule))
	}
	for _, f := range v.figures() {
		fmt.Fprintf(&b, "- **%s:** %s\n", f[0], inline(f[1]))
	}
	for _, text := range v.notKnown() {
		fmt.Fprintf(&b, "- **Not known:** %s\n", inline(text))
	}
	for _, text := range v.Remarks() {
		fmt.Fprintf(&b, "- **Note:** %s\n", inline(text))
	}
	v.markdownRepositories(&b)
	v.markdownGoing(&b)
	v.markdownReasons(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (v *planView) markdownRepositories(b *strings.Builder) {
	b.WriteString("\n| Repository | Tags | Keep | Delete | Manifests | In use | Frees | Shared |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, row := range v.listed(false) {
		cells := v.cells(row, false)
		for i := range cells {
			cells[i] = inline(cells[i])
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
}

// markdownGoing lists what goes, folded away.
func (v *planView) markdownGoing(b *strings.Builder) {
	var rows []string
	for i := range v.Repos {
		r := &v.Repos[i]
		for _, t := range r.Tags {
			if t.Action != plan.Keep {
				rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |", inline(r.Name+":"+t.Name), inline(string(t.Action)), inline(reason(t.Reason, t.Rule)), inline(why.Short(t.Digest))))
			}
		}
		for _, m := range untaggedGoing(r) {
			rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |", inline(r.Name+" (untagged)"), inline(string(m.Action)), inline(reason(m.Reason, 0)), inline(why.Short(m.Digest))))
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n<details><summary>What goes (%d)</summary>\n\n| Image | Action | Reason | Digest |\n|---|---|---|---|\n", len(rows))
	b.WriteString(strings.Join(rows[:min(inDetail, len(rows))], "\n") + "\n")
	if more := len(rows) - inDetail; more > 0 {
		fmt.Fprintf(b, "\nAnd %d more.\n", more)
	}
	b.WriteString("\n</details>\n")
}

// markdownReasons says why tags stay or go, folded away.
func (v *planView) markdownReasons(b *strings.Builder) {
	b.WriteString("\n<details><summary>Reasons</summary>\n\n| Tags | Reason | Meaning |\n|--:|---|---|\n")
	for _, stay := range []bool{true, false} {
		c := v.reasons(stay)
		for _, r := range c.sorted() {
			verdict := "goes"
			if stay {
				verdict = "stays"
			}
			fmt.Fprintf(b, "| %d | %s | %s |\n", c[r], inline(r), inline("It "+verdict+": "+v.meaning(r)))
		}
	}
	b.WriteString("\n</details>\n")
	if v.Decided != "" {
		fmt.Fprintf(b, "\nDecided %s, about inventory %s.\n", inline(v.Decided), inline(why.Short(v.Inventory)))
	}
}

// meaning is a reason in words, the rule's own for a rule.
func (v *planView) meaning(r string) string {
	var n int
	if _, err := fmt.Sscanf(r, "rule:%d", &n); err == nil && n >= 1 && n <= len(v.Policy) {
		return fmt.Sprintf("rule %d: %s", n, v.Policy[n-1])
	}
	return why.Words(plan.Reason(r))
}

// inline makes text stand for itself: numeric references instead of what markdown
// or HTML would interpret, which hold in cells, where code spans cannot hide a |.
func inline(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		if strings.ContainsRune("|`<>&*_[]\\#~@!$", r) {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
