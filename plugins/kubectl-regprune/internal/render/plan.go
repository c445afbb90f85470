package render

import (
	"io"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render/htmlview"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
)

// PlanOptions say how a plan is shown. The zero value is a table without limits.
type PlanOptions struct {
	Width     int       // terminal columns of a line; 0 means no limit
	NoHeaders bool      // of tables
	Tags      bool      // list every tag, and the untagged manifests that go
	Now       time.Time // that a plan's own age counts to; zero leaves it out
	// Graph is what the plan was made from. Without it, as with a plan from a file,
	// tables have no ages, and HTML has no map.
	Graph *graph.Registry
}

// Plan writes p in one of [PlanFormats].
func Plan(w io.Writer, format string, p *plan.Plan, o PlanOptions) error {
	if format == JSON {
		return p.JSON(w)
	}
	if done, err := machine(w, format, p); done {
		return err
	}
	v := newPlanView(p, o)
	switch format {
	case Table:
		return v.table(w, false)
	case Wide:
		return v.table(w, true)
	case Markdown:
		return v.markdown(w)
	case Name:
		return v.names(w)
	case HTML:
		return v.html(w)
	}
	return unknown(format, PlanFormats)
}

// planView is a plan as it is shown.
type planView struct {
	*plan.Plan
	PlanOptions
	rows    []planRow
	decided time.Time
	holes   int // repositories whose untagged manifests are not known
}

// planRow is what a plan says of a repository, in numbers.
type planRow struct {
	name                              string
	tags, gone, inUse, manifests, out int
	frees, stays                      int64
	reasons                           counts
}

func newPlanView(p *plan.Plan, o PlanOptions) *planView {
	v := &planView{Plan: p, PlanOptions: o}
	v.decided, _ = time.Parse(time.RFC3339, p.Decided) // unknown ages are shown as such
	for i := range p.Repos {
		row := summarize(&p.Repos[i])
		if !p.Repos[i].Complete {
			v.holes++
		}
		v.rows = append(v.rows, row)
	}
	return v
}

func (v *planView) html(w io.Writer) error {
	var u *usage.Usage
	if v.Graph != nil {
		u = usage.WithPlan(v.Graph, v.Registry.Name, v.Removed())
	}
	return htmlview.Plan(w, v.Plan, u)
}

func summarize(r *plan.Repository) planRow {
	row := planRow{name: r.Name, tags: len(r.Tags), manifests: len(r.Manifests), frees: r.ReclaimBytes, stays: r.SharedBytes, reasons: counts{}}
	for _, t := range r.Tags {
		row.reasons[reason(t.Reason, t.Rule)]++
		switch {
		case t.Action != plan.Keep:
			row.gone++
		case used(t.Reason):
			row.inUse++
		}
	}
	for _, m := range r.Manifests {
		if m.Action == plan.Delete {
			row.out++
		}
	}
	return row
}

// used reports whether a cluster is the reason.
func used(r plan.Reason) bool {
	switch r {
	case plan.InUse, plan.Rollback, plan.HelmHistory, plan.Mentioned:
		return true
	}
	return false
}
