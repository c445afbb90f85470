package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
)

// TestKeptThoughItLooksLone: nothing in the repository has these manifests, and nobody
// may call them untagged all the same.
func TestKeptThoughItLooksLone(t *testing.T) {
	named := func(digest, suffix string) string { return strings.Replace(digest, ":", "-", 1) + suffix }
	image, signature, sbom, copied, orphan, old := hash("image"), hash("signature"), hash("sbom"), hash("copied"), hash("orphan"), hash("old")
	g := &graph.Registry{
		Manifests: map[string]*graph.Manifest{sbom: {Digest: sbom, Subject: image}},
		Repositories: []*graph.Repository{
			{Name: "app", Complete: true, Linked: []string{image}, Tags: []graph.Tag{{Name: "1", Digest: image}}},
			{Name: "signatures", Complete: true, Linked: []string{signature, sbom, copied, orphan, old}, Tags: []graph.Tag{
				{Name: named(image, ".sig"), Digest: signature},
				{Name: named(copied, ".imgpkg"), Digest: copied},
				{Name: named(hash("gone"), ".sig"), Digest: orphan},
			}},
		},
	}
	for _, r := range g.Repositories {
		for _, digest := range r.Linked {
			if g.Manifests[digest] == nil {
				g.Manifests[digest] = &graph.Manifest{Digest: digest}
			}
		}
	}
	rules, err := policy.FromFlags(policy.Spec{Keep: []string{"?"}, Untagged: true, UntaggedMinAge: "0"})
	if err != nil {
		t.Fatal(err)
	}
	p := Make(Input{Graph: g, Rules: FromPolicy(rules), Registry: Registry{TagsOwn: true}, Now: noon, Limits: Limits{MaxShare: 1, MaxCount: -1}})
	want := map[string]Reason{signature: ReferrerOfKept, sbom: ReferrerOfKept, copied: Reason(policy.Unmatched)}
	for _, m := range p.Repos[1].Manifests {
		if reason, stays := want[m.Digest]; stays != (m.Action == Keep) || stays && m.Reason != reason {
			t.Errorf("%s: %s, %s; want %q", m.Digest, m.Action, m.Reason, reason)
		}
	}
	for _, tag := range p.Repos[1].Tags {
		if _, stays := want[tag.Digest]; stays != (tag.Action == Keep) {
			t.Errorf("%s: %s, %s", tag.Name, tag.Action, tag.Reason)
		}
	}
}

// TestSignatureOfUnreadable: what could not be read, or not be listed, is not gone. Its
// signatures stay, wherever they are.
func TestSignatureOfUnreadable(t *testing.T) {
	named := func(digest string) string { return strings.Replace(digest, ":", "-", 1) + ".sig" }
	image, other, signature, sbom := hash("image"), hash("other"), hash("signature"), hash("sbom")
	for name, tc := range map[string]struct {
		app   graph.Repository
		stays bool
	}{
		"unread":          {graph.Repository{Failed: "a server error", Complete: true, Tags: []graph.Tag{{Name: "1"}}}, true},
		"linked, unread":  {graph.Repository{Linked: []string{image}, Complete: true}, true},
		"may be untagged": {graph.Repository{Linked: []string{other}}, true},
		"it is not there": {graph.Repository{Linked: []string{other}, Complete: true}, false},
	} {
		app := tc.app
		app.Name = "app"
		g := &graph.Registry{
			Manifests: map[string]*graph.Manifest{other: {Digest: other}, signature: {Digest: signature}, sbom: {Digest: sbom, Subject: image}},
			Repositories: []*graph.Repository{&app, {
				Name: "signatures", Linked: slices.Sorted(slices.Values([]string{signature, sbom})), Complete: true,
				Tags: []graph.Tag{{Name: named(image), Digest: signature}},
			}},
		}
		rules, err := policy.FromFlags(policy.Spec{Untagged: true, UntaggedMinAge: "0"})
		if err != nil {
			t.Fatal(err)
		}
		p := Make(Input{Graph: g, Rules: FromPolicy(rules), Registry: Registry{TagsOwn: true}, Now: noon, Limits: Limits{MaxShare: 1, MaxCount: -1}})
		for _, m := range p.Repos[1].Manifests {
			if (m.Action == Keep) != tc.stays {
				t.Errorf("%s: %s: %s, %s", name, m.Digest, m.Action, m.Reason)
			}
		}
		if tag := p.Repos[1].Tags[0]; (tag.Action == Keep) != tc.stays {
			t.Errorf("%s: %s: %s, %s", name, tag.Name, tag.Action, tag.Reason)
		}
	}
}

// TestProtectedImageOfIndex: labels are in the configs of images, and what people pull
// and name is the index.
func TestProtectedImageOfIndex(t *testing.T) {
	outer, inner, amd64, arm64, other := hash("outer"), hash("inner"), hash("amd64"), hash("arm64"), hash("other")
	g := &graph.Registry{
		Manifests: map[string]*graph.Manifest{
			outer: {Digest: outer, Kind: registry.Index, Children: []string{inner}}, inner: {Digest: inner, Kind: registry.Index, Children: []string{amd64, arm64}},
			amd64: {Digest: amd64}, arm64: {Digest: arm64, Protect: "true"}, other: {Digest: other},
		},
		Repositories: []*graph.Repository{{Name: "app", Linked: []string{outer, inner, amd64, arm64, other}, Tags: []graph.Tag{{Name: "1", Digest: outer}, {Name: "2", Digest: other}}}},
	}
	rules, err := policy.FromFlags(policy.Spec{KeepNumber: []string{">=10"}})
	if err != nil {
		t.Fatal(err)
	}
	p := Make(Input{Graph: g, Rules: FromPolicy(rules), Registry: Registry{TagsOwn: true}, Now: noon, Limits: Limits{MaxShare: 1, MaxCount: -1}})
	if tag := p.Repos[0].Tags[0]; tag.Action != Keep || tag.Reason != Protected {
		t.Errorf("%s: %s, %s", tag.Name, tag.Action, tag.Reason)
	}
	for _, m := range p.Repos[0].Manifests {
		if goes := m.Digest == other; goes != (m.Action == Delete) {
			t.Errorf("%s: %s, %s", m.Digest, m.Action, m.Reason)
		}
	}
}
