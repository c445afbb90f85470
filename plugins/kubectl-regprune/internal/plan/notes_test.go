package plan_test

import (
	"slices"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

func TestUnused(t *testing.T) {
	last := 1
	rules, err := policy.FromFlags(policy.Spec{Keep: []string{"latset", "stable"}, KeepLast: &last})
	if err != nil {
		t.Fatal(err)
	}
	g := &graph.Registry{Repositories: []*graph.Repository{{Name: "a", Tags: []graph.Tag{{Name: "stable"}}}}}
	if got, want := plan.Unused(rules, g), []string{`rule 1 (keep tag "latset") matches no tag`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := plan.Unused(nil, g); got != nil {
		t.Errorf("without rules: %q", got)
	}
	g.Repositories[0].Failed = "it cannot be read"
	if got := plan.Unused(rules, g); got != nil {
		t.Errorf("of what cannot be read: %q", got)
	}
}
