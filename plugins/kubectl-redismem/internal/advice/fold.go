package advice

import (
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

const (
	alike  = 3 // pieces of the same advice from which on it is given once
	listed = 5 // patterns that it names
)

// fold gives advice once that is the same for many groups, in the place of the first,
// which is that of the largest one.
func fold(list []report.Advice, groups []report.Group) []report.Advice {
	of := map[string][]report.Advice{}
	for _, a := range list {
		of[a.ID+a.What] = append(of[a.ID+a.What], a)
	}
	bytes := map[string]int64{}
	for _, g := range groups {
		bytes[g.Pattern] = g.Bytes
	}
	var out []report.Advice
	for _, a := range list {
		same := of[a.ID+a.What]
		if len(same) < alike {
			out = append(out, a)
			continue
		}
		if a.Pattern != same[0].Pattern {
			continue
		}
		var names []string
		for _, s := range same[:min(len(same), listed)] {
			names = append(names, fmt.Sprintf("%s (%s)", s.Pattern, output.Bytes(bytes[s.Pattern])))
		}
		why := strings.Join(names, ", ")
		if more := len(same) - listed; more > 0 {
			why += fmt.Sprintf(" and %d more", more)
		}
		_, says, _ := strings.Cut(a.Title, a.Pattern+" ")
		out = append(out, report.Advice{ID: a.ID, Severity: a.Severity, Title: fmt.Sprintf("keys of %d patterns %s", len(same), says), Why: why, What: a.What})
	}
	return out
}
