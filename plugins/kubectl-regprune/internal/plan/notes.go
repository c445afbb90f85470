package plan

import (
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

// Unused are notes about what rules name and g does not have: see [policy.Policy.Unused].
// Without rules, or
// where a repository could not be read, there are none.
func Unused(rules *policy.Policy, g *graph.Registry) []string {
	if rules == nil {
		return nil
	}
	tags := make(map[string][]string, len(g.Repositories))
	for _, r := range g.Repositories {
		if r.Failed != "" {
			return nil // a tag that is not known may be what is meant
		}
		names := make([]string, len(r.Tags))
		for i, t := range r.Tags {
			names[i] = t.Name
		}
		tags[r.Name] = names
	}
	return rules.Unused(tags)
}
