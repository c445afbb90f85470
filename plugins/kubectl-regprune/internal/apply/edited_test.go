package apply_test

import (
	"slices"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// TestEditedPlan: whatever is changed in a plan, what is in it or tagged and does not go
// can be pulled afterwards.
func TestEditedPlan(t *testing.T) {
	type fixture struct {
		kept, untagged, old, child *registrytest.Content
		plan                       *plan.Repository
	}
	action := func(f *fixture, digest string, a plan.Action) {
		for i := range f.plan.Manifests {
			if m := &f.plan.Manifests[i]; m.Digest == digest {
				m.Action = a
			}
		}
	}
	for name, edit := range map[string]func(f *fixture) []*registrytest.Content{
		"delete-a-child": func(f *fixture) []*registrytest.Content {
			action(f, f.child.Digest, plan.Delete)
			return []*registrytest.Content{f.kept}
		},
		"delete-a-child-of-what-has-no-tag": func(f *fixture) []*registrytest.Content {
			action(f, f.untagged.Children[0].Digest, plan.Delete)
			return []*registrytest.Content{f.kept, f.untagged}
		},
		"keep-a-tag": func(f *fixture) []*registrytest.Content {
			for i := range f.plan.Tags {
				f.plan.Tags[i].Action = plan.Keep
			}
			return []*registrytest.Content{f.kept, f.old}
		},
		"drop-a-tag": func(f *fixture) []*registrytest.Content {
			f.plan.Tags = slices.DeleteFunc(f.plan.Tags, func(x plan.Tag) bool { return x.Name == "old-index" })
			return []*registrytest.Content{f.kept, f.old}
		},
		"only-deletions": func(f *fixture) []*registrytest.Content {
			f.plan.Tags = slices.DeleteFunc(f.plan.Tags, func(x plan.Tag) bool { return x.Action == plan.Keep || x.Name == "old-index" })
			f.plan.Manifests = slices.DeleteFunc(f.plan.Manifests, func(x plan.Manifest) bool { return x.Action == plan.Keep })
			return []*registrytest.Content{f.kept, f.old}
		},
	} {
		registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
			t.Run(name, func(t *testing.T) {
				s := registrytest.Start(t, v, registrytest.Options{})
				w := pushed(s)
				shared := image("shared")
				f := &fixture{child: image("amd64")}
				f.kept = w.add("app", registrytest.Index{Manifests: []registrytest.Builder{f.child, shared}}, "1.0")
				f.old = w.add("app", registrytest.Index{Manifests: []registrytest.Builder{image("arm64"), shared}}, "old-index")
				f.untagged = w.add("app", registrytest.Index{Manifests: []registrytest.Builder{image("riscv64"), shared}})
				gone := w.add("app", image("x"), "old-x")
				p := w.plan(v)
				f.plan = &p.Repos[0]
				stay := edit(f)
				r := run(t, s.Client(), save(t, s.Client(), p), apply.Options{})
				for _, c := range stay {
					pulled(t, s, "app", c.Digest, c)
				}
				if name == "delete-a-child" {
					if i := item(r, "app", "", f.child.Digest); i.Outcome != apply.Skipped || i.Reason != apply.Needed {
						t.Errorf("%+v", r)
					}
				}
				if name != "keep-a-tag" && slices.Contains(links(t, s), "app@"+gone.Digest) || r.Manifests.Failed > 0 {
					t.Errorf("%+v", r)
				}
			})
		})
	}
}
