package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// used is what clusters use of the registry.
type used struct {
	references plan.References
	cluster    plan.Cluster
	notes      []string
}

// use asks every cluster that was named what it uses of g. A cluster that does not tell
// ends it: what is not known to be unused must not go.
func (s *session) use(ctx context.Context, g *graph.Registry) (*used, error) {
	f := s.flags
	if f.use.none {
		return &used{cluster: plan.Cluster{Skipped: true}}, nil
	}
	o := roots.Options{
		Hosts:        roots.Hosts{Aliases: append(slices.Clone(s.aliases), f.use.aliases...), Foreign: f.use.foreign},
		AllowPartial: f.use.partial, NodeImages: f.use.nodeImages,
	}
	if f.use.deep {
		o.Deep = g
	}
	clusters, err := f.clusters()
	if err != nil {
		return nil, err
	}
	var views []*roots.View
	for _, c := range clusters {
		view, err := roots.Read(ctx, c, o)
		if err != nil {
			return nil, explainView(err)
		}
		views = append(views, view)
	}
	view := roots.Merge(views...)
	m := roots.Match(view, o.Hosts, g)
	out := &used{
		references: plan.References{Tags: m.Tags, Digests: m.Digests},
		cluster: plan.Cluster{
			Contexts: view.Contexts, Aliases: slices.Compact(slices.Sorted(slices.Values(o.Hosts.Aliases))),
			References: m.References, Matched: m.Matched, Missing: view.Missing,
			Foreign: f.use.foreign, Deep: f.use.deep, NodeImages: f.use.nodeImages,
		},
	}
	out.tell(m)
	return out, nil
}

// clusters are the current one, or the one of --context, and those of --also-context.
func (f *flags) clusters() ([]roots.Cluster, error) {
	cfg, err := f.kube.Config()
	if err != nil {
		return nil, err
	}
	name, err := f.kube.ContextName()
	if err != nil {
		return nil, err
	}
	out := []roots.Cluster{{Context: name, Config: cfg}}
	if len(f.use.contexts) > 0 {
		if flag := f.kube.FixedCluster(); flag != "" {
			return nil, usagef("%s and --also-context exclude each other: all contexts would be the same cluster", flag)
		}
	}
	for _, context := range f.use.contexts {
		if context == name {
			continue
		}
		cfg, err := f.kube.For(context).Config()
		if err != nil {
			return nil, fmt.Errorf("context %q: %w", context, err)
		}
		out = append(out, roots.Cluster{Context: context, Config: cfg})
	}
	return out, nil
}

func explainView(err error) error {
	var incomplete *roots.IncompleteError
	if errors.As(err, &incomplete) && hint.Of(err) == "" {
		return hint.With(err, "get the permissions with kubectl regprune rbac --for plan, or accept that these may use images that go: --allow-partial-cluster-view="+strings.Join(incomplete.Kinds, ","))
	}
	return err
}

// tell notes what a reader should know of the references.
func (u *used) tell(m *roots.Matched) {
	const few = 3
	if n := len(m.Unresolved); n > 0 {
		site := m.Unresolved[0].Sites[0]
		u.notes = append(u.notes, fmt.Sprintf("%d image texts say nothing, such as %q of %s %s/%s: what they become is protected by pods that run it, or by rules",
			n, m.Unresolved[0].Image, site.Kind, site.Namespace, site.Name))
	}
	for i, d := range m.Dangling {
		if !d.Alias {
			continue
		}
		if i == few {
			u.notes = append(u.notes, fmt.Sprintf("%d further images in use are not in the registry", len(m.Dangling)-few))
			break
		}
		site := d.Sites[0]
		u.notes = append(u.notes, fmt.Sprintf("%s is in use by %s %s/%s, but is not in the registry", d.Image, site.Kind, site.Namespace, site.Name))
	}
}
