// Package why tells the story of one image in a plan: whether it goes, by which rule
// or by whose need, and what comes along with it.
//
// It decides nothing: all of it is in the plan, and sizes come from the registry's
// graph. Where there is no graph, sizes are not known, and are not made up.
package why

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// Kind of a Why, as JSON; its APIVersion is a plan's.
const Kind = "Why"

// Why explains one tag, or one manifest where no tag was named. Bytes are of the
// storage; -1 is not known.
type Why struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Registry   string      `json:"registry"`
	Image      string      `json:"image"` // REPOSITORY:TAG or REPOSITORY@DIGEST
	Digest     string      `json:"digest,omitempty"`
	Action     plan.Action `json:"action"`
	Reason     plan.Reason `json:"reason"`
	Rule       int         `json:"rule,omitempty"`     // of the policy, from 1
	RuleText   string      `json:"ruleText,omitempty"` // in words
	Created    time.Time   `json:"created,omitzero"`   // as the image says
	Pushed     time.Time   `json:"pushed,omitzero"`    // the tag, last
	*plan.Use
	Twins []Tag `json:"twins,omitempty"` // other tags of the digest
	// Chain leads from the manifest to the one that decides, such as the index that
	// a platform's image belongs to.
	Chain []Step `json:"chain"`
	// Along are the manifests that belong to this one, and what happens to them.
	Along          []Step `json:"along,omitempty"`
	Bytes          int64  `json:"bytes"`          // it and what belongs to it
	ExclusiveBytes int64  `json:"exclusiveBytes"` // of Bytes, what nothing else needs
	UnknownSizes   int    `json:"unknownSizes"`   // blobs whose size nobody knows, counted as 0
	Exact          bool   `json:"exact"`          // false: ExclusiveBytes is the most that it can be, or sizes are missing
}

// Tag is another tag, and what happens to it.
type Tag struct {
	Name   string      `json:"name"`
	Action plan.Action `json:"action"`
	Reason plan.Reason `json:"reason"`
}

// Step is a manifest of a chain.
type Step struct {
	Digest string `json:"digest"`
	// Relation is child or referrer of From; empty for what stands for itself.
	Relation string      `json:"relation,omitempty"`
	From     string      `json:"from,omitempty"`
	Tags     []string    `json:"tags,omitempty"`
	Platform string      `json:"platform,omitempty"`
	Artifact string      `json:"artifactType,omitempty"`
	Action   plan.Action `json:"action,omitempty"` // empty: the plan does not know the manifest
	Reason   plan.Reason `json:"reason,omitempty"`
	*plan.Use
}

// Of explains image, which is REPOSITORY[:TAG][@DIGEST], in p; a registry's host in
// front of it is dropped. Without tag and digest it is the tag latest, as everywhere.
// G is what p was made from; nil leaves out sizes. It fails, with a hint, if the plan
// does not have the image.
func Of(p *plan.Plan, g *graph.Registry, image string) (*Why, error) {
	repository, tag, digest, err := find(p, image)
	if err != nil {
		return nil, err
	}
	w := &Why{APIVersion: plan.APIVersion, Kind: Kind, Registry: p.Registry.Name, Bytes: -1, ExclusiveBytes: -1, Digest: digest}
	t := teller{repository: repository, graph: g, tags: map[string][]string{}, manifests: map[string]*plan.Manifest{}}
	t.index()
	if tag != nil {
		w.Image = repository.Name + ":" + tag.Name
		w.Digest, w.Action, w.Reason, w.Rule, w.Use = tag.Digest, tag.Action, tag.Reason, tag.Rule, tag.Use
	} else {
		m := t.manifests[digest]
		w.Image = repository.Name + "@" + digest
		w.Action, w.Reason, w.Use = m.Action, m.Reason, m.Use
	}
	w.RuleText = ruleText(p, w.Rule)
	for _, other := range repository.Tags {
		if w.Digest != "" && other.Digest == w.Digest && (tag == nil || other.Name != tag.Name) {
			w.Twins = append(w.Twins, Tag{other.Name, other.Action, other.Reason})
		}
	}
	w.Chain = t.chain(w.Digest)
	w.Along = t.along(w.Digest)
	t.measure(w, tag)
	return w, nil
}

func ruleText(p *plan.Plan, rule int) string {
	if rule < 1 || rule > len(p.Policy) {
		return ""
	}
	return p.Policy[rule-1]
}

// find resolves what a user calls an image.
func find(p *plan.Plan, image string) (*plan.Repository, *plan.Tag, string, error) {
	name, digest, hasDigest := strings.Cut(image, "@")
	tag := ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name, tag = name[:i], name[i+1:]
	}
	r := repository(p, name)
	if r == nil {
		return nil, nil, "", hint.With(fmt.Errorf("no repository %q in %q", name, p.Registry.Name), namesHint("repositories", repositories(p)))
	}
	if hasDigest && tag == "" {
		i := slices.IndexFunc(r.Manifests, func(m plan.Manifest) bool { return m.Digest == digest })
		if i < 0 {
			return nil, nil, "", hint.With(fmt.Errorf("no manifest %q in repository %q", digest, r.Name), namesHint("tags", tags(r)))
		}
		return r, nil, digest, nil
	}
	if tag == "" {
		tag = "latest"
	}
	i := slices.IndexFunc(r.Tags, func(t plan.Tag) bool { return t.Name == tag })
	if i < 0 {
		return nil, nil, "", hint.With(fmt.Errorf("no tag %q in repository %q", tag, r.Name), namesHint("tags", tags(r)))
	}
	if hasDigest && r.Tags[i].Digest != digest {
		return nil, nil, "", hint.With(fmt.Errorf("tag %q of repository %q leads to %q, not %q", tag, r.Name, r.Tags[i].Digest, digest),
			fmt.Sprintf("ask for %s@%s, without the tag", r.Name, digest))
	}
	return r, &r.Tags[i], r.Tags[i].Digest, nil
}

// repository finds name, with or without the host of a registry before it. A
// repository of exactly that name comes first.
func repository(p *plan.Plan, name string) *plan.Repository {
	named := func(name string) *plan.Repository {
		for i := range p.Repos {
			if p.Repos[i].Name == name {
				return &p.Repos[i]
			}
		}
		return nil
	}
	if r := named(name); r != nil {
		return r
	}
	host, rest, ok := strings.Cut(name, "/")
	if ok && (strings.ContainsAny(host, ".:") || host == "localhost" || slices.Contains(p.Cluster.Aliases, host)) {
		return named(rest)
	}
	return nil
}

func repositories(p *plan.Plan) (names []string) {
	for _, r := range p.Repos {
		names = append(names, r.Name)
	}
	return names
}

func tags(r *plan.Repository) (names []string) {
	for _, t := range r.Tags {
		names = append(names, t.Name)
	}
	return names
}

// namesHint names a few of what there is.
func namesHint(what string, names []string) string {
	if len(names) == 0 {
		return "there are no " + what
	}
	const shown = 5
	more := ""
	if len(names) > shown {
		more = fmt.Sprintf(" and %d more", len(names)-shown)
		names = names[:shown]
	}
	return "there are the " + what + " " + strings.Join(names, ", ") + more
}
