package render

import (
	"io"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// names writes what goes, one a line: REPOSITORY:TAG, and REPOSITORY@DIGEST for what no
// tag names.
func (v *planView) names(w io.Writer) error {
	var b strings.Builder
	for i := range v.Repos {
		r := &v.Repos[i]
		for _, t := range r.Tags {
			if t.Action != plan.Keep {
				b.WriteString(clean(r.Name+":"+t.Name) + "\n")
			}
		}
		for _, m := range untaggedGoing(r) {
			b.WriteString(clean(r.Name+"@"+m.Digest) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
