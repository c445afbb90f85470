package collect_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

// A preview promises what a run then does, and changes nothing for it.
func TestPreview(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		f := newFleet(t, v)
		f.fill()
		before := f.object
		promised, err := collect.Preview(t.Context(), f.options())
		if err != nil || !promised.Preview || len(promised.Garbage) != 3 || promised.Expected <= 0 || len(promised.Swept) > 0 {
			t.Fatalf("%+v, %v", promised, err)
		}
		f.untouched(before)

		needed := f.options()
		needed.Reachable = func(context.Context) (collect.Reachable, error) {
			return collect.Reachable{promised.Garbage[0]: {"team/app"}}, nil
		}
		r, err := collect.Preview(t.Context(), needed)
		if r != nil || !errors.Is(err, collect.ErrFirewall) || !strings.Contains(hint.Of(err), "try again") {
			t.Errorf("the firewall lets it pass: %+v, %v, hint %q", r, err, hint.Of(err))
		}
		if f.restarts != 0 {
			t.Errorf("%d restarts", f.restarts)
		}
		if done, err := collect.Run(t.Context(), f.options()); err != nil || done.Freed != promised.Expected || len(done.Swept) != len(promised.Garbage) {
			t.Errorf("%+v, %v, promised %+v", done, err, promised)
		}
		if r, err := collect.Preview(t.Context(), f.options()); err != nil || !r.Nothing {
			t.Errorf("without garbage: %+v, %v", r, err)
		}
	})
}
