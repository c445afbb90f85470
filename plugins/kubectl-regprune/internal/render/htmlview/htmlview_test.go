package htmlview

import (
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/htmlreport"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render/sample"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
)

func leaves(n *htmlreport.Node, do func(*htmlreport.Node)) {
	if len(n.Children) == 0 {
		do(n)
	}
	for _, c := range n.Children {
		leaves(c, do)
	}
}

// TestAreasAddUp to what is stored, and red ones to what the plan frees and what is
// garbage.
func TestAreasAddUp(t *testing.T) {
	g := sample.Registry()
	p := sample.Plan(g)
	u := usage.WithPlan(g, "x", p.Removed())
	var bytes, tags, freed float64
	leaves(newMapper(u, p).tree(), func(n *htmlreport.Node) {
		bytes += n.Values[0]
		tags += n.Values[1]
		freed += n.Ratios[0][0]
	})
	if got, want := int64(bytes), u.Totals.StoredBytes; got != want {
		t.Errorf("areas are %d bytes, want %d", got, want)
	}
	if got, want := int(tags), u.Totals.Tags; got != want {
		t.Errorf("areas are %d tags, want %d", got, want)
	}
	if got, want := int64(freed), p.Totals.ReclaimBytes+p.Totals.GarbageBytes; got != want {
		t.Errorf("%d bytes are red, want %d", got, want)
	}
}

func TestWaterfallAddsUp(t *testing.T) {
	g := sample.Registry()
	for range 2 {
		p := sample.Plan(g)
		w := waterfall(p.Totals, usage.WithPlan(g, "x", p.Removed()))
		left := w.Total.Bytes
		for _, s := range w.Steps {
			left -= s.Bytes
		}
		if left != 0 || len(w.Steps) < 2 {
			t.Errorf("%d bytes are left over after %d steps", left, len(w.Steps))
		}
		g.Stored = nil
	}
}

// Garbage goes with every plan; beside ages it is nothing.
func TestGarbageIsMarked(t *testing.T) {
	g := sample.Registry()
	p := sample.Plan(g)
	for _, one := range []*plan.Plan{p, nil} {
		var garbage *htmlreport.Node
		leaves(newMapper(usage.WithPlan(g, "x", p.Removed()), one).tree(), func(n *htmlreport.Node) {
			if n.Name == "(garbage)" {
				garbage = n
			}
		})
		if garbage == nil || garbage.Rest != (one == nil) || (garbage.Mark == goes) != (one != nil) {
			t.Errorf("garbage is %+v", garbage)
		}
	}
}
