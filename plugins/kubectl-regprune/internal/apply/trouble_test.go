package apply_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// quick gives up soon.
func quick(o *registry.Options) { o.Retry = registry.Retry{Times: 2, Wait: time.Millisecond} }

func TestRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*registrytest.Options)
		rule   registrytest.Rule
		want   error
	}{
		"deletion is disabled": {func(o *registrytest.Options) { o.NoDelete = true }, registrytest.Rule{}, apply.ErrDeletionDisabled},
		"read-only":            {func(o *registrytest.Options) { o.ReadOnly = true }, registrytest.Rule{}, apply.ErrDeletionDisabled},
		"disabled on the way": {nil, registrytest.Rule{Method: "DELETE", From: 2, Times: -1,
			Do: registrytest.Status(405, `{"errors":[{"code":"UNSUPPORTED"}]}`)}, apply.ErrDeletionDisabled},
		"denied": {nil, registrytest.Rule{Method: "DELETE", From: 2, Times: -1,
			Do: registrytest.Status(403, `{"errors":[{"code":"DENIED"}]}`)}, registry.ErrDenied},
		"logged out": {nil, registrytest.Rule{Method: "DELETE", From: 2, Times: -1,
			Do: registrytest.Status(401, `{"errors":[{"code":"UNAUTHORIZED"}]}`)}, registry.ErrUnauthorized},
	} {
		registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
			t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				s := registrytest.Start(t, v, registrytest.Options{})
				w := pushed(s)
				small(w)
				p := w.plan(v)
				b := save(t, s.Client(), p)
				if tc.change != nil {
					s.Restart(tc.change)
				}
				before := links(t, s)
				proxy := registrytest.Faulty(t, s)
				if tc.rule.Do != nil {
					proxy.Add(tc.rule)
				}
				r, err := apply.Run(t.Context(), proxy.Client(quick), b, apply.Options{Parallel: 2})
				if !errors.Is(err, tc.want) || hint.Of(err) == "" {
					t.Errorf("error %v, hint %q", err, hint.Of(err))
				}
				if r.Complete() || r.Tags.Deleted+r.Manifests.Deleted+r.Tags.Failed+r.Manifests.Failed > 0 || r.Manifests.Remaining == 0 {
					t.Errorf("result %+v", r)
				}
				if n := proxy.Count("DELETE", ""); n > 3 {
					t.Errorf("%d deletions were tried", n)
				}
				if diff := cmp.Diff(before, links(t, s)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestTroubleThatPasses ends as if there had been none.
func TestTroubleThatPasses(t *testing.T) {
	for name, rules := range map[string][]registrytest.Rule{
		"too many requests": {{Times: -1, Do: sometimes(registrytest.Status(429, "", "Retry-After", "0"))}},
		"cut after the deed": {{Method: "DELETE", From: 2, Times: 6, Do: registrytest.DropAfter()},
			{Method: "PUT", Do: registrytest.DropAfter()}},
		"cut before the deed": {{Method: "DELETE", From: 2, Times: 3, Do: registrytest.Drop()}, {Method: "HEAD", Do: registrytest.Drop()}},
		"gateway gives up":    {{Method: "DELETE", From: 2, Times: 2, Do: registrytest.StatusAfter(504, "")}},
		"half a manifest":     {{Method: "GET", Path: "/manifests/", Do: registrytest.CutAt(20)}},
	} {
		registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
			t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				s := registrytest.Start(t, v, registrytest.Options{})
				w := pushed(s)
				small(w)
				p := w.plan(v)
				want := expected(p, links(t, s))
				proxy := registrytest.Faulty(t, s, rules...)
				pressure := &apply.Pressure{}
				client := proxy.Client(func(o *registry.Options) {
					o.Retry = registry.Retry{Times: 8, Wait: time.Millisecond}
					o.OnRetry = func(registry.Attempt) { pressure.Note() }
				})
				r := run(t, client, save(t, client, p), apply.Options{UntagByOverwrite: true, Pressure: pressure})
				if !r.Complete() {
					t.Errorf("result %+v", r)
				}
				if diff := cmp.Diff(want, links(t, s)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// sometimes does a third of requests badly, the same ones each time.
func sometimes(bad registrytest.Action) registrytest.Action {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(1, 2))
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		mu.Lock()
		now := rng.IntN(3) == 0
		mu.Unlock()
		if now {
			bad(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	}
}

// TestOneThatCannotBeDeleted: what has to go after it stays, all else goes.
func TestOneThatCannotBeDeleted(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		m := newMixed(pushed(s), s)
		b := save(t, s.Client(), m.plan(v))
		proxy := registrytest.Faulty(t, s,
			registrytest.Rule{Method: "DELETE", Path: m.nested.Digest, Times: -1, Do: registrytest.Status(500, "no")},
			// A header that is wrong is as good as a tag that has moved.
			registrytest.Rule{Method: "HEAD", Path: "manifests/old1$", Times: -1, Do: registrytest.SetHeader("Docker-Content-Digest", m.kept.Digest)})
		r := run(t, proxy.Client(quick), b, apply.Options{UntagByOverwrite: true})
		if i := item(r, "app", "", m.nested.Digest); i.Outcome != apply.Failed || i.Err == nil {
			t.Errorf("%+v", i)
		}
		for _, c := range []*registrytest.Content{m.nested.Children[0], m.nested.Children[0].Children[0], m.nested.Children[1]} {
			if i := item(r, "app", "", c.Digest); i.Reason != apply.ParentStays {
				t.Errorf("%+v", i)
			}
		}
		if i := item(r, "app", "old1", ""); i.Reason != apply.Moved || i.Now != m.kept.Digest {
			t.Errorf("%+v", i)
		}
		if r.Manifests.Failed != 1 || r.Manifests.Remaining > 0 || r.Manifests.Deleted < 5 {
			t.Errorf("%+v", r.Manifests)
		}
		after := run(t, s.Client(), b, apply.Options{UntagByOverwrite: true})
		if !after.Complete() {
			t.Errorf("resumed: %+v", after)
		}
	})
}

// TestUnknownIsNoNo: a new manifest that cannot be read may need anything.
func TestUnknownIsNoNo(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		m := newMixed(pushed(s), s)
		b := save(t, s.Client(), m.plan(v))
		s.Push("app", image("new"), "new")
		before := links(t, s)
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "GET", Path: image("new").Digest, Times: -1, Do: registrytest.Status(500, "")})
		r := run(t, proxy.Client(quick), b, apply.Options{UntagByOverwrite: true})
		if n := len(before) - len(links(t, s)); n != 2 { // of lib/other
			t.Errorf("%d links are gone, want 2", n)
		}
		if r.Manifests.Failed != r.Manifests.Planned-1 || r.Tags.Failed != r.Tags.Planned-1 {
			t.Errorf("%+v", r)
		}
	})
}

func TestServerGoesAway(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		w := pushed(s)
		for i := range 30 {
			w.add("app", image(fmt.Sprint(i)), fmt.Sprint("old", i))
		}
		w.add("app", image("kept"), "1.0")
		p := w.plan(v)
		want := expected(p, links(t, s))
		b := save(t, s.Client(), p)
		acted := make(chan struct{}, 1)
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", From: 6, Do: registrytest.Hook(func(*http.Request) { s.Kill(); acted <- struct{}{} })})

		r, err := apply.Run(t.Context(), proxy.Client(quick), b, apply.Options{})
		if err == nil || !strings.Contains(err.Error(), "in a row") || r.Manifests.Remaining+r.Tags.Remaining == 0 {
			t.Errorf("the server is dead: %+v, %v", r, err)
		}

		<-acted
		s.Start()
		proxy.Clear()
		proxy.Add(registrytest.Rule{Method: "DELETE", From: 6, Do: registrytest.Hook(func(*http.Request) { s.Kill(); s.Start(); acted <- struct{}{} })})
		client := proxy.Client(func(o *registry.Options) { o.Retry = registry.Retry{Times: 8, Wait: 50 * time.Millisecond} })
		if r = run(t, client, b, apply.Options{Parallel: 1}); !r.Complete() {
			t.Errorf("the server was restarted: %+v", r)
		}
		<-acted
		if diff := cmp.Diff(want, links(t, s)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestHalfDeleted: a server that is killed may have removed a manifest and not its
// tags, which are listed and lead nowhere from then on.
func TestHalfDeleted(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	w := pushed(s)
	small(w)
	p := w.plan(registrytest.V2)
	want := expected(p, links(t, s))
	b := save(t, s.Client(), p)
	doomed := image("doomed").Digest
	revision := s.Folder("repositories", "app", "_manifests", "revisions", strings.Replace(doomed, ":", "/", 1))
	proxy := registrytest.Faulty(t, s,
		registrytest.Rule{Method: "DELETE", Path: doomed, Do: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			if err := os.RemoveAll(revision); err != nil {
				t.Error(err)
			}
			w.WriteHeader(http.StatusAccepted)
		}},
		registrytest.Rule{Method: "PUT", Path: doomed, Times: 1, Do: registrytest.Status(400, "")})
	r := run(t, proxy.Client(quick), b, apply.Options{UntagByOverwrite: true})
	if i := item(r, "app", "old1", ""); i.Outcome != apply.Failed || r.Complete() {
		t.Errorf("it cannot be mended: %+v", r)
	}
	if r := run(t, proxy.Client(quick), b, apply.Options{UntagByOverwrite: true}); !r.Complete() {
		t.Errorf("it can: %+v", r)
	}
	if diff := cmp.Diff(want, links(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCancelled(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		w := pushed(s)
		for i := range 20 {
			w.add("app", image(fmt.Sprint(i)), fmt.Sprint("old", i))
		}
		p := w.plan(v)
		before := links(t, s)
		b := save(t, s.Client(), p)
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", From: 6, Do: registrytest.Hook(func(*http.Request) { cancel(why) })})
		r, err := apply.Run(ctx, proxy.Client(quick), b, apply.Options{})
		if !errors.Is(err, why) || r.Complete() || r.Tags.Failed+r.Manifests.Failed > 0 {
			t.Errorf("%+v, %v", r, err)
		}
		if gone := len(before) - len(links(t, s)); gone != r.Tags.Deleted+r.Manifests.Deleted || gone < 5 {
			t.Errorf("%d are gone, and the result is %+v", gone, r)
		}
		if r := run(t, s.Client(), b, apply.Options{}); !r.Complete() || r.Tags.Gone+r.Manifests.Gone > 0 {
			t.Errorf("resumed: %+v", r)
		}
	})
}

func TestRecheck(t *testing.T) {
	site := []roots.Site{{Kind: "Pod", Name: "p"}}
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		m := newMixed(pushed(s), s)
		p := m.plan(v)
		client := s.Client()
		b := save(t, client, p)
		before := links(t, s)
		content, err := m.doomed.Parse()
		if err != nil {
			t.Fatal(err)
		}
		broken := errors.New("no cluster")
		_, err = apply.Run(t.Context(), client, b, apply.Options{Recheck: func(context.Context) (plan.References, error) { return plan.References{}, broken }})
		if !errors.Is(err, broken) || len(links(t, s)) != len(before) {
			t.Errorf("error %v", err)
		}

		use := plan.References{
			Tags:    map[string]map[string][]roots.Site{"app": {"old-signed": site, "old2": site}},
			Digests: map[string][]roots.Site{m.nested.Children[0].Children[0].Digest: site, content.Config.Digest: site},
		}
		calls := 0
		r := run(t, client, b, apply.Options{UntagByOverwrite: true, RecheckEvery: time.Nanosecond, Recheck: func(context.Context) (plan.References, error) {
			calls++
			return use, nil
		}})
		for _, i := range []apply.Item{
			{Tag: "old-signed", Reason: apply.InUse}, {Digest: m.signed.Digest, Reason: apply.InUse},
			{Tag: registrytest.AttachedTag(m.signed, "sig"), Reason: apply.Needed},
			{Tag: "old2", Reason: apply.InUse},
			{Tag: "old-nested", Reason: apply.InUse}, {Digest: m.nested.Digest, Reason: apply.InUse},
			{Digest: m.nested.Children[1].Digest, Reason: apply.Needed},
			{Tag: "old1", Reason: apply.InUse}, {Tag: "old1-twin", Reason: apply.InUse}, {Digest: m.doomed.Digest, Reason: apply.InUse},
		} {
			if got := item(r, "app", i.Tag, i.Digest); got.Outcome != apply.Skipped || got.Reason != i.Reason {
				t.Errorf("%+v, want %s", got, i.Reason)
			}
		}
		if calls < 3 || r.Manifests.Deleted == 0 || item(r, "lib/other", "", m.doomed.Digest).Reason != apply.InUse {
			t.Errorf("%d calls, %+v", calls, r)
		}
	})
}

// TestOverwriteThatFails leaves the tag where it was.
func TestOverwriteThatFails(t *testing.T) {
	for name, rule := range map[string]registrytest.Rule{
		"the placeholder stays": {Method: "DELETE", From: 2, Times: 3, Do: registrytest.Status(500, "")},
		"it is refused":         {Method: "PUT", Times: 3, Do: registrytest.Status(500, "")},
		"its fate is unknown":   {Method: "PUT", Times: 1, Do: registrytest.StatusAfter(400, "")},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
			w := pushed(s)
			c := w.add("app", image("kept"), "1.0", "old")
			b := save(t, s.Client(), w.plan(registrytest.V2))
			before := links(t, s)
			proxy := registrytest.Faulty(t, s, rule)
			r := run(t, proxy.Client(quick), b, apply.Options{UntagByOverwrite: true})
			if i := item(r, "app", "old", ""); i.Outcome != apply.Failed || i.Digest != c.Digest || i.Err == nil {
				t.Errorf("%+v", r)
			}
			if diff := cmp.Diff(before, links(t, s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if r := run(t, s.Client(), b, apply.Options{}); item(r, "app", "old", "").Reason != apply.Shared {
				t.Errorf("not allowed: %+v", r)
			}
			if r := run(t, s.Client(), b, apply.Options{UntagByOverwrite: true}); !r.Complete() {
				t.Errorf("resumed: %+v", r)
			}
			if got := links(t, s); len(got) != 2 {
				t.Errorf("left: %q", got)
			}
		})
	}
}

// gauge counts deletions that are under way.
type gauge struct {
	mu   sync.Mutex
	now  map[string]int
	most map[string]int
}

func (g *gauge) act(w http.ResponseWriter, r *http.Request, server http.Handler) {
	repo, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/manifests/")
	add := func(n int) {
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, key := range []string{repo, "all"} {
			g.now[key] += n
			g.most[key] = max(g.most[key], g.now[key])
		}
	}
	add(1)
	time.Sleep(3 * time.Millisecond)
	server.ServeHTTP(w, r)
	add(-1)
}

func TestHowManyAtOnce(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		w := newWorld(func(repo string, c *registrytest.Content, tags ...string) {
			if err := registrytest.Write(s.Root, repo, c, tags...); err != nil {
				t.Fatal(err)
			}
		})
		for i := range 240 {
			w.add(fmt.Sprint("repo", i%4), image(fmt.Sprint(i)), fmt.Sprint("old", i))
		}
		b := save(t, s.Client(), w.plan(v))
		g := &gauge{now: map[string]int{}, most: map[string]int{}}
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Times: -1, Do: g.act})
		const parallel = 5
		if r := run(t, proxy.Client(), b, apply.Options{Parallel: parallel}); !r.Complete() {
			t.Errorf("%+v", r)
		}
		t.Logf("at once: %v", g.most)
		for key, n := range g.most {
			if most := map[bool]int{true: parallel, false: 2}[key == "all" || v == registrytest.V3]; n > most {
				t.Errorf("%s: %d at once", key, n)
			}
		}
		if g.most["all"] < 2 {
			t.Error("one at a time")
		}
	})
}
