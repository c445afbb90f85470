package plan

import (
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Parse reads a plan from JSON or YAML. Whoever may have written it, nothing in it
// may lead elsewhere than a plan of Make would: actions and digests are checked. A plan
// that somebody has edited gets the counts of what it has now, and the guards of
// DefaultLimits.
func Parse(text []byte) (*Plan, error) {
	var p Plan
	if err := yaml.UnmarshalStrict(text, &p); err != nil {
		return nil, err
	}
	if p.APIVersion != APIVersion || p.Kind != Kind {
		return nil, fmt.Errorf("it is a %s of %s, and not a %s of %s", orNothing(p.Kind), orNothing(p.APIVersion), Kind, APIVersion)
	}
	for _, r := range p.Repos {
		for _, t := range r.Tags {
			if !slices.Contains([]Action{Keep, Untag, Delete}, t.Action) || t.Digest != "" && !registry.ValidDigest(t.Digest) || t.Digest == "" && t.Action != Keep {
				return nil, fmt.Errorf("tag %q of %q: action %q for digest %q", t.Name, r.Name, t.Action, t.Digest)
			}
		}
		for _, m := range r.Manifests {
			if m.Action != Keep && m.Action != Delete || !registry.ValidDigest(m.Digest) {
				return nil, fmt.Errorf("manifest %q of %q: action %q", m.Digest, r.Name, m.Action)
			}
		}
	}
	if p.Recount() {
		p.Guards = Check(&p, DefaultLimits)
	}
	return &p, nil
}

// Recount counts again what goes, and reports whether the totals were wrong, as those of
// an edited plan are. Its bytes are then those of another plan, which a note says.
func (p *Plan) Recount() bool {
	was, t := p.Totals, total(p.Repos)
	t.GarbageBytes, t.ReclaimBytes, t.CommonBytes, t.SharedBytes = was.GarbageBytes, was.ReclaimBytes, was.CommonBytes, was.SharedBytes
	t.Exact, t.UntaggedKept, t.UntaggedBytes = was.Exact, was.UntaggedKept, was.UntaggedBytes
	if t == was {
		return false
	}
	t.Exact = false
	p.Totals = t
	p.Notes = append(p.Notes, "the plan was edited after it was made: what it says of bytes is not of what goes by it now")
	return true
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
