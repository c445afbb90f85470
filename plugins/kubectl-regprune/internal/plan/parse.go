package plan

import (
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Parse reads a plan from JSON or YAML. Whoever may have written it, nothing in it
// may lead elsewhere than a plan of Make would: actions and digests are checked.
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
	return &p, nil
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
