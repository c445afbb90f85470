package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// rules are those of most tests: of shop/web 3 and 5 go, and of shop/multi 2 and 3.
var rules = []string{"--keep", "latest", "--keep-number", ">=6", "--as-of", "2026-02-01"}

// faulty is a scene whose registry is behind a proxy that breaks things.
func faulty(t *testing.T, v registrytest.Version) (*world, *content, *registrytest.Proxy) {
	t.Helper()
	server := registrytest.Start(t, v, registrytest.Options{})
	c := fill(t, server)
	p := registrytest.Faulty(t, server)
	w := newWorld(t, server, strings.TrimPrefix(p.URL, "http://"))
	w.cluster.Put(uses(c)...)
	return w, c, p
}

// planned makes a plan and keeps it in a file.
func (w *world) planned(t *testing.T, more ...string) (*plan.Plan, string) {
	t.Helper()
	o := must(t, 0, w.args(append(append([]string{"-o", "json"}, rules...), more...)...)...)
	p, err := plan.Parse([]byte(o.out))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(file, []byte(o.out), 0o600); err != nil {
		t.Fatal(err)
	}
	return p, file
}

// links are what the storage has, as the server does: tags with what they lead to, as
// REPOSITORY:TAG, and linked manifests as REPOSITORY@DIGEST.
func links(t *testing.T, s *registrytest.Server) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := s.Folder("repositories")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		repository, rest, ok := strings.Cut(rel, "/_manifests/")
		if err != nil || !ok || d.Name() != "link" {
			return err
		}
		text, err := os.ReadFile(path)
		if parts := strings.Split(rest, "/"); parts[0] == "revisions" {
			out[repository+"@"+parts[1]+":"+parts[2]] = string(text)
		} else if len(parts) == 4 && parts[2] == "current" {
			out[repository+":"+parts[1]] = string(text)
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

// nothingElse fails the test if more is gone than a plan says. It returns how much of
// what the plan says is not gone.
func nothingElse(t *testing.T, s *registrytest.Server, p *plan.Plan, before map[string]string) (left int) {
	t.Helper()
	now, goes := links(t, s), map[string]bool{}
	for _, r := range p.Repos {
		for _, tag := range r.Tags {
			goes[r.Name+":"+tag.Name] = tag.Action != plan.Keep
		}
		for _, m := range r.Manifests {
			goes[r.Name+"@"+m.Digest] = m.Action == plan.Delete
		}
	}
	for name, digest := range before {
		switch at, there := now[name]; {
		case there && goes[name]:
			left++
		case !goes[name] && at != digest:
			t.Errorf("%s is lost: %q instead of %q", name, at, digest)
		}
	}
	return left
}

// TestTroubleWhileApplying breaks one thing each while a plan is applied: stderr or the
// result says what happened, the exit code is right, nothing is lost but what the plan
// says, and a second run does the rest.
func TestTroubleWhileApplying(t *testing.T) {
	home(t)
	deletion := func(from, times int, do registrytest.Action) registrytest.Rule {
		return registrytest.Rule{Method: http.MethodDelete, Path: "/manifests/", From: from, Times: times, Do: do}
	}
	unsupported := registrytest.Status(405, `{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}`, "Content-Type", "application/json")
	for _, c := range []struct {
		name string
		rule registrytest.Rule
		code int
		says string // stderr
		out  string // stdout
		left bool   // something was not deleted
	}{
		{"429 with Retry-After", deletion(2, 2, registrytest.Status(429, `{"errors":[{"code":"TOOMANYREQUESTS"}]}`, "Retry-After", "1")), 0, "run ", "all that was planned is gone", false},
		{"500 once", deletion(2, 1, registrytest.Status(500, "")), 0, "run ", "all that was planned is gone", false},
		{"500 for good", deletion(3, -1, registrytest.Status(500, "boom")), 4, "run ", "500", true},
		{"a cut connection", deletion(2, 1, registrytest.Drop()), 0, "run ", "all that was planned is gone", false},
		{"a cut connection after the deletion", deletion(2, 1, registrytest.DropAfter()), 0, "run ", "all that was planned is gone", false},
		{"deletion disabled meanwhile", deletion(4, -1, unsupported), 1, "hint: ", "", true},
		{"no right to delete", deletion(4, -1, registrytest.Status(403, `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`, "Content-Type", "application/json")), 1, "hint: ", "", true},
		{"a wrong digest of a tag", registrytest.Rule{Method: http.MethodHead, Path: "/manifests/3$", Times: -1,
			Do: registrytest.SetHeader("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64))}, 4, "run ", "tag-moved", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, _, proxy := faulty(t, registrytest.V2)
			p, file := w.planned(t)
			before := links(t, w.server)
			proxy.Add(c.rule)
			o := must(t, c.code, w.args("apply", file, "--yes")...)
			o.says(t, c.says)
			if !strings.Contains(o.out, c.out) {
				t.Errorf("stdout lacks %q:\n%s", c.out, o)
			}
			if left := nothingElse(t, w.server, p, before); (left > 0) != c.left {
				t.Errorf("%d items are left\n%s", left, o)
			}
			proxy.Clear()
			must(t, 0, w.args("apply", "--resume", "last", "--yes")...)
			if left := nothingElse(t, w.server, p, before); left > 0 {
				t.Errorf("%d items are left after the second run", left)
			}
			must(t, 0, w.args("verify", file)...)
		})
	}
}

// TestTroubleWhilePlanning: a registry that answers wrongly makes no plan, or one that
// leaves alone what was not understood.
func TestTroubleWhilePlanning(t *testing.T) {
	home(t)
	get := func(path string, times int, do registrytest.Action) registrytest.Rule {
		return registrytest.Rule{Method: http.MethodGet, Path: path, Times: times, Do: do}
	}
	for _, c := range []struct {
		name string
		rule registrytest.Rule
		code int
		says string
		same bool // as without trouble
	}{
		{"catalog 500 once", get("/_catalog", 1, registrytest.Status(500, "")), 0, "", true},
		{"catalog 500", get("/_catalog", -1, registrytest.Status(500, "")), 1, `error: listing the repositories: `, false},
		{"catalog cut short", get("/_catalog", -1, registrytest.CutAt(20)), 1, `error: listing the repositories: `, false},
		{"catalog is HTML", get("/_catalog", -1, registrytest.Status(200, "<html>hello", "Content-Type", "text/html")), 1, `error: listing the repositories: `, false},
		{"tags 429", get("/tags/list", 2, registrytest.Status(429, "", "Retry-After", "1")), 0, "", true},
		{"tags 500", get("/shop/web/tags/list", -1, registrytest.Status(500, "")), 1, `error: listing the tags of "shop/web": `, false},
		{"manifest cut", get("/shop/web/manifests/", 1, registrytest.CutAt(50)), 0, "", true},
		{"manifest of another digest", get("/shop/web/manifests/3$", -1, registrytest.SetHeader("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64))), 0, "", false},
		{"manifest shortened", get("/shop/web/manifests/3$", -1, registrytest.Truncate(50)), 0, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, _, proxy := faulty(t, registrytest.V2)
			want := must(t, 0, w.args(append([]string{"-o", "name", "--no-cache"}, rules...)...)...).out
			proxy.Add(c.rule)
			o := must(t, c.code, w.args(append([]string{"-o", "name", "--no-cache"}, rules...)...)...)
			o.says(t, c.says)
			if (o.out == want) != c.same {
				t.Errorf("the plan is the same: %v, want %v\n%s", o.out == want, c.same, o)
			}
			for line := range strings.Lines(o.out) {
				if !strings.Contains(want, line) {
					t.Errorf("%q goes because of the trouble", line)
				}
			}
		})
	}
}

// A tag that somebody moves between plan and apply stays, and all that it leads to.
func TestTagMovedSincePlanned(t *testing.T) {
	home(t)
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		w := start(t, v, registrytest.Options{})
		c := fill(t, w.server)
		w.cluster.Put(uses(c)...)
		p, file := w.planned(t)
		w.server.Push("shop/web", registrytest.Image{Layers: [][]byte{layer("hotfix", 100)}}, "3")
		w.server.Push("shop/web", c.web[5], "again") // leads to what is to go
		before := links(t, w.server)
		o := must(t, 4, w.args("apply", file, "--yes")...)
		if !strings.Contains(o.out, "tag-moved") || !strings.Contains(o.out, "tag-leads-here") && !strings.Contains(o.out, "manifest-was-kept") {
			t.Errorf("%s", o)
		}
		now := links(t, w.server)
		for _, name := range []string{"shop/web:3", "shop/web:again", "shop/web@" + c.web[5].Digest} {
			if now[name] != before[name] {
				t.Errorf("%s is lost", name)
			}
		}
		nothingElse(t, w.server, p, before)
		must(t, 0, w.args("verify")...)
	})
}

// An image that is taken into use between plan and apply stays.
func TestUsedSincePlanned(t *testing.T) {
	home(t)
	w := start(t, registrytest.V2, registrytest.Options{})
	c := fill(t, w.server)
	w.cluster.Put(uses(c)...)
	_, file := w.planned(t)
	w.cluster.Put(consumer("shop", "late", "localhost:32000/shop/web:3"))
	o := must(t, 4, w.args("apply", file, "--yes")...)
	if !strings.Contains(o.out, "in-use") || links(t, w.server)["shop/web:3"] == "" {
		t.Errorf("%s", o)
	}
}

// Deletion that is off, and a registry in maintenance, are told before anything is
// tried, with what to do about it.
func TestRegistryThatDoesNotDelete(t *testing.T) {
	home(t)
	for name, o := range map[string]registrytest.Options{"disabled": {NoDelete: true}, "read-only": {ReadOnly: true}} {
		registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
			root := registrytest.Folder(t)
			server := registrytest.Start(t, v, registrytest.Options{Root: root})
			c := fill(t, server)
			server.Stop()
			o.Root = root
			server = registrytest.Start(t, v, o)
			w := newWorld(t, server, server.Addr)
			w.cluster.Put(uses(c)...)
			before := links(t, server)
			out := must(t, 1, w.args(append([]string{"apply", "--yes"}, rules...)...)...)
			out.says(t, `error: "svc/images/registry:5000" does not delete: `, "hint: ", "REGISTRY_STORAGE_DELETE_ENABLED=true")
			if now := links(t, server); len(now) != len(before) {
				t.Errorf("%s: %d links of %d are left", name, len(now), len(before))
			}
			if runs := must(t, 0, "runs", "--no-headers"); runs.out != "" {
				t.Errorf("%s: there is a run: %s", name, runs)
			}
		})
	}
}

// TestRegistryRestartedWhileApplying: the server is killed in the middle and comes
// back; then it is killed for good, and the run is resumed.
func TestRegistryRestartedWhileApplying(t *testing.T) {
	home(t)
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		w, _, proxy := faulty(t, v)
		p, file := w.planned(t)
		before := links(t, w.server)
		proxy.Add(registrytest.Rule{Method: http.MethodDelete, Path: "/manifests/sha256:[0-9a-f]*[1-9]", From: 3,
			Do: registrytest.Hook(func(*http.Request) { w.server.Kill() })})
		proxy.Add(registrytest.Rule{Method: http.MethodDelete, From: 5, Times: -1, Do: registrytest.Status(502, "")})
		o := regprune(t.Context(), t, w.args("apply", file, "--yes", "--parallel", "1")...)
		if o.code != 4 && o.code != 1 || !strings.Contains(o.errOut, "run ") {
			t.Errorf("%s", o)
		}
		if left := nothingElse(t, w.server, p, before); left == 0 {
			t.Errorf("nothing was left to do\n%s", o)
		}
		proxy.Clear()
		w.server.Start()
		must(t, 0, w.args("apply", "--resume", "last", "--yes")...)
		if left := nothingElse(t, w.server, p, before); left > 0 {
			t.Errorf("%d items are left", left)
		}
		must(t, 0, w.args("verify", file)...)
	})
}

// TestForwardCutWhileApplying: the port-forward breaks, again and again.
func TestForwardCutWhileApplying(t *testing.T) {
	home(t)
	for name, fault := range map[string]kubetest.Fault{
		"cut": {On: "portforward", Break: kubetest.Cut, After: 6000}, "reset": {On: "portforward", Break: kubetest.Reset, After: 9000},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, registrytest.V2, registrytest.Options{})
			c := fill(t, w.server)
			w.cluster.Put(uses(c)...)
			p, file := w.planned(t)
			before := links(t, w.server)
			w.cluster.Faults().Next(fault, fault, fault)
			o := regprune(t.Context(), t, w.args("apply", file, "--yes")...)
			left := nothingElse(t, w.server, p, before)
			if (o.code == 0) != (left == 0) || o.code != 0 && !strings.Contains(o.errOut, "error: ") && o.code != 4 {
				t.Errorf("%d items are left\n%s", left, o)
			}
			w.cluster.Faults().Clear()
			if o.code != 0 && strings.Contains(o.errOut, "--resume") {
				must(t, 0, w.args("apply", "--resume", "last", "--yes")...)
			} else if o.code != 0 {
				must(t, 0, w.args("apply", file, "--yes")...)
			}
			if left := nothingElse(t, w.server, p, before); left > 0 {
				t.Errorf("%d items are left", left)
			}
		})
	}
}

// TestInterrupted: Ctrl-C in the middle is exit code 130, and the run can be resumed.
func TestInterrupted(t *testing.T) {
	home(t)
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		w, _, proxy := faulty(t, v)
		p, file := w.planned(t)
		before := links(t, w.server)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		proxy.Add(registrytest.Rule{Method: http.MethodDelete, From: 4, Do: registrytest.Hook(func(*http.Request) { cancel() })})
		began := time.Now()
		o := regprune(ctx, t, w.args("apply", file, "--yes", "--parallel", "1", "-o", "json")...)
		if o.code != 130 {
			t.Errorf("%s", o)
		}
		o.says(t, "interrupted; to go on: kubectl regprune apply --resume ")
		var result map[string]any
		if err := json.Unmarshal([]byte(o.out), &result); err != nil || time.Since(began) > 15*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		left := nothingElse(t, w.server, p, before)
		if left == 0 || left == p.Totals.TagsDeleted+p.Totals.ManifestsGone {
			t.Errorf("%d items are left", left)
		}
		if runs := must(t, 0, "runs"); !strings.Contains(runs.out, "interrupted") {
			t.Errorf("%s", runs)
		}
		must(t, 0, w.args("apply", "--resume", "last", "--yes")...)
		if left := nothingElse(t, w.server, p, before); left > 0 {
			t.Errorf("%d items are left after the run was resumed", left)
		}
		must(t, 0, w.args("restore", "last", "--yes")...)
		if now := links(t, w.server); len(now) != len(before) {
			t.Errorf("%d of %d links are back", len(now), len(before))
		}

		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if o := regprune(cancelled, t, w.args(rules...)...); o.code != 130 || o.out != "" {
			t.Errorf("%s", o)
		}
	})
}

// TestManyRepositories: the catalog comes in pages, of which none is left out.
func TestManyRepositories(t *testing.T) {
	home(t)
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		root := registrytest.Folder(t)
		if err := registrytest.Seed(root, registrytest.Spec{Repositories: 1050, Tags: 2}); err != nil {
			t.Fatal(err)
		}
		past(t, root)
		server := registrytest.Start(t, v, registrytest.Options{Root: root})
		for _, size := range []string{"0", "333"} {
			o := must(t, 0, "--registry", server.URL, "--no-cluster", "--keep-number", ">=2", "--as-of", "2026-02-01", "-o", "name", "--page-size", size)
			if n := strings.Count(o.out, "\n"); n != 1050 {
				t.Errorf("page size %s: %d of 1050 tags go", size, n)
			}
		}
	})
}

// TestDamagedStorage: what the server cannot serve is named, and nothing of it goes.
func TestDamagedStorage(t *testing.T) {
	home(t)
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		w := start(t, v, registrytest.Options{NoCache: true})
		c := fill(t, w.server)
		w.cluster.Put(uses(c)...)
		for name, size := range map[string]int64{w.server.BlobFile(c.web[3].Digest): 50,
			w.server.Folder("repositories/shop/multi/_manifests/tags/2/current/link"): 0} {
			if err := os.Truncate(name, size); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.RemoveAll(filepath.Dir(w.server.BlobFile(c.web[5].Digest))); err != nil { // a ghost
			t.Fatal(err)
		}
		past(t, w.server.Root)
		o := must(t, 0, w.args(append([]string{"-o", "name"}, rules...)...)...)
		for _, name := range []string{"shop/web:3\n", "shop/web:5\n"} {
			if strings.Contains(o.out, name) {
				t.Errorf("%s goes:\n%s", name, o)
			}
		}
		table := must(t, 0, w.args(rules...)...)
		for _, text := range []string{"cannot be pulled", "cannot be read"} {
			if !strings.Contains(table.out, text) {
				t.Errorf("the plan lacks %q:\n%s", text, table)
			}
		}
		before := links(t, w.server)
		p, file := w.planned(t)
		must(t, 0, w.args("apply", file, "--yes", "--max-delete", "100%")...)
		nothingElse(t, w.server, p, before)
		verified := must(t, 4, w.args("verify")...)
		if !strings.Contains(verified.out, "shop/web:3") || !strings.Contains(verified.out, "shop/web:5") {
			t.Errorf("%s", verified)
		}
	})
}
