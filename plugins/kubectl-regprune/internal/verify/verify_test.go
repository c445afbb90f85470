package verify_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/verify"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func image(text string) *registrytest.Content {
	return registrytest.Image{Labels: map[string]string{"name": text}, Layers: [][]byte{registrytest.Layer("shared", 800), registrytest.Layer(text, 500)}}.Build()
}

func keeping(tags ...plan.Tag) *plan.Plan {
	for i := range tags {
		tags[i].Action = plan.Keep
	}
	return &plan.Plan{Repos: []plan.Repository{{Name: "app", Tags: tags}}}
}

func TestKept(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{NoCache: true})
		good := s.Push("app", image("good"), "good")
		index := s.Push("app", registrytest.Index{Manifests: []registrytest.Builder{image("amd64"), image("arm64")}}, "index")
		nested := s.Push("app", registrytest.Index{Manifests: []registrytest.Builder{registrytest.Index{Manifests: []registrytest.Builder{image("deep")}}}}, "nested")
		short := s.Push("app", image("short"), "short")
		untagged := s.Push("app", image("untagged"))
		foreign := s.Push("app", image("moved"), "moved")
		p := keeping(plan.Tag{Name: "good", Digest: good.Digest}, plan.Tag{Name: "index", Digest: index.Digest}, plan.Tag{Name: "nested", Digest: nested.Digest},
			plan.Tag{Name: "short", Digest: short.Digest}, plan.Tag{Name: "moved", Digest: good.Digest},
			plan.Tag{Name: "vanished", Digest: good.Digest}, plan.Tag{Name: "ghost", Reason: plan.Ghost})
		p.Repos[0].Manifests = []plan.Manifest{{Digest: untagged.Digest, Action: plan.Keep}, {Digest: good.Digest, Action: plan.Keep}, {Digest: image("x").Digest, Action: plan.Delete}}
		look := func(o verify.Options) *verify.Result {
			t.Helper()
			r, err := verify.Kept(t.Context(), s.Client(), p, o)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		missing := func(digest, what string) []verify.Fault {
			return []verify.Fault{{Digest: digest, What: what, Fault: verify.NotThere}}
		}
		wrong := func(want []verify.Broken, got *verify.Result) {
			t.Helper()
			for i := range want {
				want[i].Repo = "app"
			}
			if diff := cmp.Diff(want, got.Broken, cmpopts.IgnoreFields(verify.Fault{}, "Err")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		vanished := verify.Broken{Tag: "vanished", Digest: good.Digest, Faults: missing(good.Digest, verify.AManifest)}
		ghost := verify.Broken{Tag: "ghost", Faults: missing("", verify.AManifest), Before: true}
		before := look(verify.Options{})
		wrong([]verify.Broken{vanished, ghost}, before)
		// 5 images, 2 indexes, 1 nested one, untagged; each has a config and a layer of its own
		if before.Tags != 7 || before.Manifests != 10 || before.Blobs != 2*7+1 {
			t.Errorf("%d tags, %d manifests, %d blobs", before.Tags, before.Manifests, before.Blobs)
		}

		layer := func(c *registrytest.Content) string { return registry.Digest(c.Blobs[2]) }
		arm64, deep := index.Children[1], nested.Children[0].Children[0]
		s.Do("DELETE", "/v2/app/manifests/"+arm64.Digest, 202, nil)
		for _, digest := range []string{layer(deep), layer(untagged)} {
			if err := os.Remove(s.BlobFile(digest)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Truncate(s.BlobFile(layer(short)), 3); err != nil {
			t.Fatal(err)
		}
		config := registry.Digest(foreign.Blobs[0])
		if err := os.RemoveAll(filepath.Dir(s.BlobFile(config))); err != nil {
			t.Fatal(err)
		}
		want := []verify.Broken{
			{Tag: "index", Digest: index.Digest, Faults: missing(arm64.Digest, verify.AManifest)},
			{Tag: "nested", Digest: nested.Digest, Faults: missing(layer(deep), verify.ALayer)},
			{Tag: "short", Digest: short.Digest, Faults: []verify.Fault{{Digest: layer(short), What: verify.ALayer, Fault: verify.WrongSize}}},
			{Tag: "moved", Digest: foreign.Digest, Faults: missing(config, verify.AConfig)},
			vanished, ghost,
			{Digest: untagged.Digest, Faults: missing(layer(untagged), verify.ALayer)},
		}
		wrong(want, look(verify.Options{}))
		want[4].Before = true
		after := look(verify.Options{Before: before})
		wrong(want, after)
		if n := len(after.Damage()); n != 5 {
			t.Errorf("%d are damage", n)
		}
	})
}

// TestStaleCache: a server that remembers what its garbage collection has removed says
// that it is there, to everybody who does not read it.
func TestStaleCache(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		s.Push("app", image("good"), "good")
		gone := s.Push("app", image("gone"), "gone")
		s.Delete("app", gone.Digest)
		if out, err := s.GarbageCollect(); err != nil {
			t.Fatal(out, err)
		}
		again := registrytest.Image{Labels: map[string]string{"name": "gone"}, Layers: gone.Blobs[1:], Annotations: map[string]string{"again": "yes"}}.Build()
		if err := s.PushManifest("app", "gone", again.Manifest); err != nil {
			t.Fatalf("the server has noticed: %v", err)
		}
		client := s.Client(func(o *registry.Options) { o.Retry.Wait = time.Millisecond })
		p := keeping(plan.Tag{Name: "good", Digest: image("good").Digest}, plan.Tag{Name: "gone", Digest: again.Digest})
		r, err := verify.Kept(t.Context(), client, p, verify.Options{})
		if err != nil || len(r.Broken) != 1 || r.Broken[0].Tag != "gone" || r.Broken[0].Unknown {
			t.Fatalf("%+v, %v", r, err)
		}
		own := map[string]string{registry.Digest(gone.Blobs[0]): verify.AConfig, registry.Digest(gone.Blobs[2]): verify.ALayer}
		for _, f := range r.Broken[0].Faults {
			if f.Fault != verify.BadText || f.What != own[f.Digest] || !errors.Is(f.Err, registry.ErrUnreadable) {
				t.Errorf("%+v", f)
			}
			delete(own, f.Digest)
		}
		if len(own) > 0 {
			t.Errorf("not found: %v", own)
		}
	})
}

func TestUnknownIsNotGood(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	c := s.Push("app", image("x"), "x")
	p := keeping(plan.Tag{Name: "x", Digest: c.Digest})
	proxy := registrytest.Faulty(t, s, registrytest.Rule{Path: "/blobs/", Times: -1, Do: registrytest.Status(404, "nginx")})
	r, err := verify.Kept(t.Context(), proxy.Client(func(o *registry.Options) { o.Retry.Times = -1 }), p, verify.Options{})
	if err != nil || len(r.Broken) != 1 || !r.Broken[0].Unknown || len(r.Broken[0].Faults) != 3 || len(r.Damage()) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := verify.Kept(ctx, s.Client(), p, verify.Options{}); !errors.Is(err, context.Canceled) || r.Tags != 0 {
		t.Errorf("cancelled: %+v, %v", r, err)
	}
}

// TestEachOnce: a digest is asked for once in a repository, and as few at once as told.
func TestEachOnce(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	c := s.Push("app", image("x"), "a", "b", "c")
	s.Push("app", image("y"), "d")
	p := keeping(plan.Tag{Name: "a", Digest: c.Digest}, plan.Tag{Name: "b", Digest: c.Digest}, plan.Tag{Name: "c", Digest: c.Digest}, plan.Tag{Name: "d", Digest: image("y").Digest})
	proxy := registrytest.Faulty(t, s)
	var last int
	r, err := verify.Kept(t.Context(), proxy.Client(), p, verify.Options{Progress: func(done, _ int) { last = done }})
	if err != nil || len(r.Broken) > 0 || last != 4 {
		t.Errorf("%+v, %v, progress %d", r, err, last)
	}
	if blobs, manifests := proxy.Count("", "/blobs/"), proxy.Count("GET", "/manifests/"); blobs != 5 || manifests != 4 {
		t.Errorf("%d blobs and %d manifests were asked for", blobs, manifests)
	}
}
