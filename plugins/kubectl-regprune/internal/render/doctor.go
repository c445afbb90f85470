package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/doctor"
)

// Doctor writes the checks of a registry, in one of [ResultFormats]: one line for what
// is well, and the reason and the remedy below everything else.
func Doctor(w io.Writer, format string, r *doctor.Report, _ ResultOptions) error {
	return result(w, format, r, func(p *page) {
		width, states := 0, map[doctor.State]int{}
		for _, c := range r.Checks {
			width = max(width, len(c.ID))
			states[c.State]++
		}
		for _, c := range r.Checks {
			fmt.Fprintf(&p.text, "%-11s %-*s  %s\n", strings.ToUpper(string(c.State)), width, clean(c.ID), clean(c.Evidence))
			if c.State == doctor.OK {
				continue
			}
			label := "why"
			if c.State == doctor.NotChecked { // nobody knows whether there is any harm
				label = "why it would matter"
			}
			fmt.Fprintf(&p.text, "%-11s %-*s  %s: %s\n", "", width, "", label, clean(c.Why))
			if c.Fix != "" {
				fmt.Fprintf(&p.text, "%-11s %-*s  fix: %s\n", "", width, "", clean(c.Fix))
			}
		}
		b := &block{}
		b.line("Result", "%d ok, %s, %d failed, %d not checked", states[doctor.OK], counted(states[doctor.Warn], "warning", "warnings"),
			states[doctor.Fail], states[doctor.NotChecked])
		p.lines(b)
	})
}
