package plan

import (
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// Input is all that a plan depends on.
type Input struct {
	Graph    *graph.Registry
	Rules    Rules
	Use      References
	Registry Registry
	Cluster  Cluster
	Limits   Limits
	Now      time.Time // that ages count to
	// Overwrite says that a server which cannot delete a tag alone is made to, by
	// pushing something else over it.
	Overwrite bool
}

// Rules are the policy.
type Rules interface {
	// Entry is what decides about a repository, or nil if nothing does: it then keeps
	// everything.
	Entry(repository string) Entry
	// Words are the rules for readers.
	Words() []string
}

// Entry decides about a repository. A *policy.Entry is one.
type Entry interface {
	Evaluate(images []policy.Image, inUse map[string]bool, now time.Time) map[string]policy.Decision
	Untags() bool
	Untagged(pushed, created, now time.Time) policy.Decision
}

// FromPolicy makes rules of a policy.
func FromPolicy(p *policy.Policy) Rules { return policyRules{p} }

type policyRules struct{ *policy.Policy }

func (p policyRules) Entry(repository string) Entry {
	if e, _ := p.For(repository); e != nil {
		return e
	}
	return nil
}

// References are the images that clusters use, as places in this registry.
type References struct {
	Tags    map[string]map[string][]roots.Site // by repository and tag
	Digests map[string][]roots.Site            // in every repository
}

// Limits are the bounds that a plan should keep to.
type Limits struct {
	MaxShare   float64 // of all tags of repositories with rules, from 0 to 1
	MaxCount   int     // of tags; -1: only the share counts
	AllowEmpty bool    // a repository may lose its last tag
	AllowNoUse bool    // no image of the registry need be in use
}

// DefaultLimits are the bounds of who says nothing.
var DefaultLimits = Limits{MaxShare: 0.5, MaxCount: -1}

// Make decides. Equal inputs give equal plans.
func Make(in Input) *Plan {
	p := &Plan{
		APIVersion: APIVersion, Kind: Kind, Registry: in.Registry, Cluster: in.Cluster,
		Policy: in.Rules.Words(), Inventory: in.Graph.Fingerprint(), Decided: in.Now.UTC().Format(time.RFC3339),
	}
	removed, untagged := map[graph.Ref]bool{}, map[graph.Ref]bool{}
	for _, r := range in.Graph.Repositories {
		d := newDecider(&in, r)
		p.Repos = append(p.Repos, d.decide())
		for digest := range d.going {
			removed[graph.Ref{Repository: r.Name, Digest: digest}] = true
		}
		for digest := range d.spared {
			untagged[graph.Ref{Repository: r.Name, Digest: digest}] = true
		}
	}
	p.Totals = total(p.Repos)
	p.measure(in.Graph, removed, untagged)
	p.Guards = Check(p, in.Limits)
	p.Notes = notes(p, in.Graph)
	return p
}

// KeepAll are the rules of who only looks.
var KeepAll Rules = keepAll{}

type keepAll struct{}

func (keepAll) Entry(string) Entry { return nil }
func (keepAll) Words() []string    { return []string{} }
