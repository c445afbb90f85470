// Package sample is a small registry and a plan for it, for tests of what is shown.
// Nothing that ships uses it.
package sample

import (
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// Now is the time of the plan.
var Now = time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)

// Digest is that of what has the name, in the sample.
func Digest(name string) string { return registry.Digest([]byte(name)) }

// Builder makes a registry.
type Builder struct{ *graph.Registry }

// NewBuilder starts with nothing.
func NewBuilder() Builder {
	return Builder{&graph.Registry{Manifests: map[string]*graph.Manifest{}, Blobs: map[string]*graph.Blob{}}}
}

// Image adds a manifest with a config and layers, given as name=bytes.
func (b Builder) Image(name string, age time.Duration, layers map[string]int64) *graph.Manifest {
	m := &graph.Manifest{Digest: Digest(name), MediaType: registry.OCIManifest, Size: 1024, Kind: registry.Image, Created: Now.Add(-age)}
	m.Config = b.blob("config of "+name, 4096)
	for layer, size := range layers {
		m.Layers = append(m.Layers, b.blob("layer "+layer, size))
	}
	slices.SortFunc(m.Layers, func(x, y *graph.Blob) int { return strings.Compare(x.Digest, y.Digest) })
	b.Manifests[m.Digest] = m
	return m
}

func (b Builder) blob(name string, size int64) *graph.Blob {
	d := Digest(name)
	if b.Blobs[d] == nil {
		b.Blobs[d] = &graph.Blob{Digest: d, Size: size}
	}
	return b.Blobs[d]
}

// Index adds an index of images.
func (b Builder) Index(name string, children ...*graph.Manifest) *graph.Manifest {
	m := &graph.Manifest{Digest: Digest(name), MediaType: registry.OCIIndex, Size: 600, Kind: registry.Index}
	for _, c := range children {
		m.Created = c.Created
		m.Children = append(m.Children, c.Digest)
	}
	b.Manifests[m.Digest] = m
	return m
}

// Repository adds a repository with tags, and links all manifests.
func (b Builder) Repository(name string, tags map[string]string, linked ...*graph.Manifest) *graph.Repository {
	r := &graph.Repository{Name: name, Complete: true}
	for _, m := range linked {
		r.Linked = append(r.Linked, m.Digest)
	}
	slices.Sort(r.Linked)
	for tag, digest := range tags {
		r.Tags = append(r.Tags, graph.Tag{Name: tag, Digest: digest})
	}
	slices.SortFunc(r.Tags, func(x, y graph.Tag) int { return strings.Compare(x.Name, y.Name) })
	b.Repositories = append(b.Repositories, r)
	return r
}

const (
	day = 24 * time.Hour
	mib = 1 << 20
)

// Registry has four repositories: images with shared layers, an index with a
// signature, a tag without a manifest, an untagged image, and one that is empty.
func Registry() *graph.Registry {
	b := NewBuilder()
	base := int64(40 * mib)
	amd := b.Image("api 1.9 amd64", 3*day, map[string]int64{"base": base, "api 1.9 amd64": 12 * mib})
	arm := b.Image("api 1.9 arm64", 3*day, map[string]int64{"base arm": base, "api 1.9 arm64": 11 * mib})
	amd.Platform, arm.Platform = "linux/amd64", "linux/arm64"
	index := b.Index("api 1.9", amd, arm)
	signature := b.Image("api 1.9 signature", 3*day, map[string]int64{"signature": 900})
	signature.ArtifactType = "application/vnd.dev.cosign.simplesigning.v1+json"
	api8 := b.Image("api 1.8", 40*day, map[string]int64{"base": base, "libraries": 25 * mib, "api 1.8": 9 * mib})
	api7 := b.Image("api 1.7", 80*day, map[string]int64{"base": base, "libraries": 25 * mib, "api 1.7": 8 * mib})
	b.Repository("shop/api", map[string]string{
		"latest": index.Digest, "v1.9": index.Digest, "v1.8": api8.Digest, "v1.7": api7.Digest,
		"v1.5": "", strings.Replace(index.Digest, ":", "-", 1) + ".sig": signature.Digest,
	}, index, amd, arm, signature, api8, api7)
	web := []*graph.Manifest{}
	for _, n := range []string{"41", "42", "43"} {
		web = append(web, b.Image("web "+n, 20*day, map[string]int64{"base": base, "assets " + n: 70 * mib}))
	}
	web = append(web, b.Image("web untagged", 30*day, map[string]int64{"base": base, "assets untagged": 66 * mib}))
	b.Repository("shop/web", map[string]string{"41": web[0].Digest, "42": web[1].Digest, "43": web[2].Digest}, web...)
	b.Repository("team/empty", nil)
	tool := b.Image("tool", 400*day, map[string]int64{"base": base, "tool": 3 * mib})
	b.Repository("tools/jq", map[string]string{"1.7": tool.Digest, "stable": tool.Digest}, tool)
	b.Stored = map[string]int64{Digest("lost"): 150 * mib}
	for d, m := range b.Manifests {
		b.Stored[d] = m.Size
	}
	for d, blob := range b.Blobs {
		b.Stored[d] = blob.Size
	}
	return b.Registry
}

// Plan is for g, which is [Registry] or less exact than that.
func Plan(g *graph.Registry) *plan.Plan {
	pod := roots.Site{Kind: "Pod", Namespace: "shop", Name: "api-7d9f-x2x1", Field: "spec.containers[api].image", Why: roots.InUse}
	set := roots.Site{Kind: "ReplicaSet", Namespace: "shop", Name: "web-5c4b", Field: "spec.template.spec.containers[web].image", Why: roots.Rollback}
	p := &plan.Plan{
		APIVersion: plan.APIVersion, Kind: plan.Kind, Decided: Now.Format(time.RFC3339), Inventory: Digest("inventory"),
		Registry: plan.Registry{Name: "svc/registry/registry:5000", Server: "distribution/2.8.3"},
		Policy:   []string{"in shop/**: keep the 1 newest", "in tools/**: keep stable"},
		Cluster:  plan.Cluster{Contexts: []string{"prod"}, Aliases: []string{"registry.registry:5000", "localhost:32000"}, References: 34, Matched: 12},
		Notes:    []string{"1 tag is listed without a manifest, and cannot be pulled"},
	}
	keep := func(name, digest string, reason plan.Reason, rule int, sites ...roots.Site) plan.Tag {
		t := plan.Tag{Name: name, Digest: digest, Action: plan.Keep, Reason: reason, Rule: rule}
		if len(sites) > 0 {
			t.Use = &plan.Use{Sites: sites, SiteCount: len(sites)}
		}
		return t
	}
	gone := func(name, digest string, action plan.Action) plan.Tag {
		return plan.Tag{Name: name, Digest: digest, Action: action, Reason: plan.NotKept}
	}
	manifest := func(digest string, action plan.Action, reason plan.Reason, from string, order int) plan.Manifest {
		m := plan.Manifest{Digest: digest, Action: action, Reason: reason, From: from, Order: order}
		if known := g.Manifests[digest]; known != nil {
			m.MediaType, m.Size = known.MediaType, known.Size
		}
		return m
	}
	index := Digest("api 1.9")
	used := keep("v1.7", Digest("api 1.7"), plan.InUse, 0, pod, pod, pod)
	used.SiteCount = 14
	p.Repos = []plan.Repository{
		{Name: "shop/api", Complete: true, Tags: []plan.Tag{
			keep("latest", index, "rule", 1), keep(strings.Replace(index, ":", "-", 1)+".sig", Digest("api 1.9 signature"), plan.ReferrerOfKept, 0),
			keep("v1.5", "", plan.Ghost, 0), used, gone("v1.8", Digest("api 1.8"), plan.Delete), keep("v1.9", index, "rule", 1),
		}, Manifests: []plan.Manifest{
			manifest(index, plan.Keep, plan.Tagged, "", 0), manifest(Digest("api 1.9 amd64"), plan.Keep, plan.ChildOfKept, index, 0),
			manifest(Digest("api 1.9 arm64"), plan.Keep, plan.ChildOfKept, index, 0), manifest(Digest("api 1.9 signature"), plan.Keep, plan.ReferrerOfKept, index, 0),
			manifest(Digest("api 1.8"), plan.Delete, plan.NotKept, "", 1), manifest(Digest("api 1.7"), plan.Keep, plan.InUse, "", 0),
		}},
		{Name: "shop/web", Complete: true, Tags: []plan.Tag{
			gone("41", Digest("web 41"), plan.Delete), keep("42", Digest("web 42"), plan.Rollback, 0, set), keep("43", Digest("web 43"), "rule", 1),
		}, Manifests: []plan.Manifest{
			manifest(Digest("web 41"), plan.Delete, plan.NotKept, "", 1), manifest(Digest("web 42"), plan.Keep, plan.Rollback, "", 0),
			manifest(Digest("web 43"), plan.Keep, plan.Tagged, "", 0), manifest(Digest("web untagged"), plan.Delete, plan.UntaggedGone, "", 1),
		}},
		{Name: "team/empty", Complete: true, Tags: []plan.Tag{}, Manifests: []plan.Manifest{}},
		{Name: "tools/jq", Complete: true, Tags: []plan.Tag{
			gone("1.7", Digest("tool"), plan.Untag), keep("stable", Digest("tool"), "rule", 2),
		}, Manifests: []plan.Manifest{manifest(Digest("tool"), plan.Keep, plan.Tagged, "", 0)}},
	}
	for i := range p.Repos {
		slices.SortFunc(p.Repos[i].Tags, func(a, b plan.Tag) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(p.Repos[i].Manifests, func(a, b plan.Manifest) int { return strings.Compare(a.Digest, b.Digest) })
	}
	p.Repos[1].Complete = g.Repositories[1].Complete
	f := g.Freed(p.Removed())
	p.Totals = plan.Totals{Repositories: 4, Tags: 11, TagsDeleted: 3, Manifests: 11, ManifestsGone: 3, Ghosts: 1, RepositoriesOut: 1,
		GarbageBytes: f.Garbage, ReclaimBytes: f.Plan, SharedBytes: f.Shared, CommonBytes: f.Common, Exact: f.Exact}
	for i, part := range f.Repositories {
		p.Repos[i].ReclaimBytes, p.Repos[i].SharedBytes = part.Plan, part.Shared
	}
	return p
}
