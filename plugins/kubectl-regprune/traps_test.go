package main

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// trap is a way in which the usual scripts break a registry. Its function first shows
// that it is still there, by the steps of such a script, and then that regprune gets
// around it or says so.
type trap struct {
	name string
	run  func(t *testing.T, v registrytest.Version)
}

var traps = []trap{
	{"a digest deleted takes all its tags along", trapTwins},
	{"an old Accept header names another digest", trapAccept},
	{"a tag that is no number", trapNumbers},
	{"more repositories than a page of the catalog", trapCatalog},
	{"deletion is disabled", trapDisabled},
	{"a push while garbage is collected", trapPush},
	{"a cache that remembers what is gone", trapCache},
	{"the switch for read-only", trapSwitch},
	{"a truncated manifest ends the collection", trapTruncated},
	{"delete-untagged takes children of indexes along", trapUntagged},
}

// TestTraps is the bar: each trap on each version is survived or told.
func TestTraps(t *testing.T) {
	home(t)
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		survived := 0
		for _, trap := range traps {
			t.Run(trap.name, func(t *testing.T) {
				if trap.run(t, v); !t.Failed() { // not so when it is not selected
					survived++
				}
			})
		}
		t.Logf("%d/%d on %s", survived, len(traps), v)
	})
}

// inUse starts a scene.
func inUse(t *testing.T, v registrytest.Version) (*world, *content) {
	t.Helper()
	w := start(t, v, registrytest.Options{})
	c := fill(t, w.server)
	w.cluster.Put(uses(c)...)
	return w, c
}

// status is what a server answers to a request.
func status(t *testing.T, s *registrytest.Server, method, path string, header ...string) (int, *registrytest.Response) {
	t.Helper()
	resp, err := s.Do(method, path, 0, nil, header...)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp
}

// bites fails the test if a trap is not there any more: it then tests nothing.
func bites(t *testing.T, is bool, what string) {
	t.Helper()
	if !is {
		t.Errorf("the trap is gone: %s", what)
	}
}

func trapTwins(t *testing.T, v registrytest.Version) {
	raw := registrytest.Start(t, v, registrytest.Options{})
	c := fill(t, raw)
	if code, _ := status(t, raw, http.MethodDelete, "/v2/shop/web/manifests/"+c.web[2].Digest); code != http.StatusAccepted {
		t.Fatalf("status %d", code)
	}
	code, _ := status(t, raw, http.MethodHead, "/v2/shop/web/manifests/release-2", "Accept", registry.OCIManifest+", "+registry.DockerManifest)
	bites(t, code == http.StatusNotFound, "the twin is there")

	w, c := inUse(t, v)
	must(t, 0, w.args(append([]string{"apply", "--yes"}, rules...)...)...)
	now := links(t, w.server)
	if now["shop/web:release-2"] != c.web[2].Digest || now["shop/web@"+c.web[2].Digest] == "" || (now["shop/web:2"] == "") != (v == registrytest.V3) {
		t.Errorf("%v", now)
	}
	must(t, 0, w.args("verify")...)
}

func trapAccept(t *testing.T, v registrytest.Version) {
	w, c := inUse(t, v)
	code, resp := status(t, w.server, http.MethodHead, "/v2/shop/multi/manifests/3", "Accept", registry.DockerManifest)
	bites(t, code == http.StatusOK && resp.Header.Get("Docker-Content-Digest") != c.multi[3].Digest, "the digest is the tag's own")

	p, file := w.planned(t, "--repo", "shop/multi", "--keep", "3", "--allow-empty", "--max-delete", "100%")
	for _, r := range p.Repos {
		for _, tag := range r.Tags {
			if r.Name == "shop/multi" && tag.Name == "3" && tag.Digest != c.multi[3].Digest {
				t.Errorf("the plan has %s", tag.Digest)
			}
		}
	}
	must(t, 0, w.args("apply", file, "--yes")...)
	now := links(t, w.server)
	for _, child := range c.multi[3].Children {
		if now["shop/multi@"+child.Digest] == "" {
			t.Errorf("the child %s is gone", child.Digest)
		}
	}
	must(t, 0, w.args("verify")...)
}

func trapNumbers(t *testing.T, v registrytest.Version) {
	// What scripts do: [ "$tag" -ge 6 ] || delete "$tag"
	err := exec.Command("sh", "-c", `[ "release-2" -ge 6 ]`).Run()
	var exit *exec.ExitError
	bites(t, errors.As(err, &exit), "test(1) compares text with numbers")

	w, _ := inUse(t, v)
	o := must(t, 0, w.args(append([]string{"-o", "name"}, rules...)...)...)
	for _, name := range []string{"shop/web:release-2\n", "shop/web:latest\n", "team/tool:v1.1.0\n"} {
		if strings.Contains(o.out, name) {
			t.Errorf("%s goes", name)
		}
	}
}

func trapCatalog(t *testing.T, v registrytest.Version) {
	root := registrytest.Folder(t)
	if err := registrytest.Seed(root, registrytest.Spec{Repositories: 1030, Tags: 2}); err != nil {
		t.Fatal(err)
	}
	server := registrytest.Start(t, v, registrytest.Options{Root: root})
	code, _ := status(t, server, http.MethodGet, "/v2/_catalog?n=10000")
	bites(t, code == http.StatusBadRequest, "a page may have 10000 names")
	_, resp := status(t, server, http.MethodGet, "/v2/_catalog")
	bites(t, strings.Count(string(resp.Body), "seed/") < 1030, "the first page has all names")

	o := must(t, 0, "--registry", server.URL, "--no-cluster", "--keep-number", ">=2", "--as-of", "2100-01-01", "-o", "name")
	if n := strings.Count(o.out, "\n"); n != 1030 {
		t.Errorf("%d of 1030 tags go", n)
	}
}

func trapDisabled(t *testing.T, v registrytest.Version) {
	w, c := inUse(t, v)
	w.server.Restart(func(o *registrytest.Options) { o.NoDelete = true })
	code, _ := status(t, w.server, http.MethodDelete, "/v2/shop/web/manifests/"+c.web[3].Digest)
	bites(t, code == http.StatusMethodNotAllowed, "deletion works")

	before := links(t, w.server)
	must(t, 1, w.args(append([]string{"apply", "--yes"}, rules...)...)...).says(t, "does not delete: ", "hint: ", "REGISTRY_STORAGE_DELETE_ENABLED=true")
	if now := links(t, w.server); len(now) != len(before) {
		t.Errorf("%d of %d links are left", len(now), len(before))
	}
}

// upload begins a push and ends it but for the manifest.
func upload(t *testing.T, s *registrytest.Server, repository string, blob []byte) {
	t.Helper()
	_, resp := status(t, s, http.MethodPost, "/v2/"+repository+"/blobs/uploads/")
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	query := to.Query()
	query.Set("digest", registry.Digest(blob))
	to.RawQuery = query.Encode()
	if _, err := s.Do(http.MethodPut, to.String(), http.StatusCreated, blob); err != nil {
		t.Fatal(err)
	}
}

// collected runs regprune's garbage collection, and tells what a push was answered
// while it deleted, and with which arguments the server's collection was called.
func collected(t *testing.T, w *world, code int) (pushed int, calls [][]string, o outcome) {
	t.Helper()
	var answer atomic.Int64
	w.site.onExec = func(argv []string) {
		if !slices.Contains(argv, "garbage-collect") {
			return
		}
		calls = append(calls, argv)
		if !slices.Contains(argv, "--dry-run") && !slices.Contains(argv, "-d") {
			if resp, err := w.server.Do(http.MethodPost, "/v2/shop/web/blobs/uploads/", 0, nil); err == nil {
				answer.Store(int64(resp.StatusCode))
			}
		}
	}
	o = must(t, code, w.args("gc", "--yes")...)
	return int(answer.Load()), calls, o
}

func trapPush(t *testing.T, v registrytest.Version) {
	raw := registrytest.Start(t, v, registrytest.Options{})
	fill(t, raw)
	late := registrytest.Image{Layers: [][]byte{layer("pushed meanwhile", 500)}}.Build()
	for _, blob := range late.Blobs {
		upload(t, raw, "shop/web", blob)
	}
	if out, err := raw.GarbageCollect(); err != nil {
		t.Fatal(err, out)
	}
	pushed := raw.PushManifest("shop/web", "late", late.Manifest)
	_, pulled := raw.Do(http.MethodGet, "/v2/shop/web/blobs/"+registry.Digest(late.Blobs[1]), http.StatusOK, nil)
	bites(t, pushed == nil && pulled != nil, "what was uploaded survives") // the push was answered with success

	w, c := inUse(t, v)
	status(t, w.server, http.MethodDelete, "/v2/shop/web/manifests/"+c.web[3].Digest)
	if answer, _, o := collected(t, w, 0); answer != http.StatusMethodNotAllowed {
		t.Errorf("a push was answered with %d\n%s", answer, o)
	}
	w.server.Push("shop/web", late, "late")
	must(t, 0, w.args("verify")...)
}

func trapCache(t *testing.T, v registrytest.Version) {
	raw := registrytest.Start(t, v, registrytest.Options{})
	c := fill(t, raw)
	only := registry.Digest(c.web[3].Blobs[2])
	status(t, raw, http.MethodHead, "/v2/shop/web/blobs/"+only)
	status(t, raw, http.MethodDelete, "/v2/shop/web/manifests/"+c.web[3].Digest)
	if out, err := raw.GarbageCollect(); err != nil {
		t.Fatal(err, out)
	}
	code, _ := status(t, raw, http.MethodHead, "/v2/shop/web/blobs/"+only)
	_, err := os.Stat(raw.BlobFile(only))
	bites(t, code == http.StatusOK && os.IsNotExist(err), "the server has noticed")

	w, c := inUse(t, v)
	status(t, w.server, http.MethodHead, "/v2/shop/web/blobs/"+only)
	status(t, w.server, http.MethodDelete, "/v2/shop/web/manifests/"+c.web[3].Digest)
	collected(t, w, 0)
	if code, _ := status(t, w.server, http.MethodHead, "/v2/shop/web/blobs/"+only); code != http.StatusNotFound {
		t.Errorf("status %d", code)
	}
	for _, blob := range c.web[3].Blobs {
		upload(t, w.server, "shop/web", blob)
	}
	if err := w.server.PushManifest("shop/web", "3", c.web[3].Manifest); err != nil {
		t.Error(err)
	}
	must(t, 0, w.args("verify")...)
}

func trapSwitch(t *testing.T, v registrytest.Version) {
	const variable = "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true"
	without := registrytest.Start(t, v, registrytest.Options{NoMaintenance: true})
	err := without.TryRestart(t.Context(), func(o *registrytest.Options) { o.Env = []string{variable} })
	bites(t, err != nil && strings.Contains(err.Error(), "panic"), "without a block in the file the server starts")
	with := registrytest.Start(t, v, registrytest.Options{Env: []string{variable}})
	code, _ := status(t, with, http.MethodPost, "/v2/a/blobs/uploads/")
	bites(t, code == http.StatusAccepted, "with a block in the file the server is read-only")

	w, c := inUse(t, v)
	status(t, w.server, http.MethodDelete, "/v2/shop/web/manifests/"+c.web[3].Digest)
	if answer, _, o := collected(t, w, 0); answer != http.StatusMethodNotAllowed {
		t.Errorf("a push was answered with %d\n%s", answer, o)
	}
	if code, _ := status(t, w.server, http.MethodPost, "/v2/shop/web/blobs/uploads/"); code != http.StatusAccepted || len(w.site.env()) > 0 || w.site.restarts != 2 {
		t.Errorf("a push is answered with %d, the variables are %q after %d restarts", code, w.site.env(), w.site.restarts)
	}
}

func trapTruncated(t *testing.T, v registrytest.Version) {
	w, c := inUse(t, v)
	status(t, w.server, http.MethodDelete, "/v2/shop/web/manifests/"+c.web[5].Digest)
	if err := os.Truncate(w.server.BlobFile(c.web[3].Digest), 50); err != nil {
		t.Fatal(err)
	}
	w.server.Restart()
	_, err := w.server.GarbageCollect("-d")
	bites(t, err != nil, "the collection goes on")

	before := len(w.server.BlobFiles())
	_, _, o := collected(t, w, 1)
	o.says(t, c.web[3].Digest, "hint: ")
	if w.site.restarts > 0 || len(w.server.BlobFiles()) != before {
		t.Errorf("%d restarts, %d of %d blobs are left", w.site.restarts, len(w.server.BlobFiles()), before)
	}
	if plan := must(t, 0, w.args(append([]string{"-o", "name"}, rules...)...)...); strings.Contains(plan.out, "shop/web:3\n") {
		t.Errorf("what cannot be read goes\n%s", plan)
	}
}

func trapUntagged(t *testing.T, v registrytest.Version) {
	raw := registrytest.Start(t, v, registrytest.Options{})
	c := fill(t, raw)
	if out, err := raw.GarbageCollect("-m"); err != nil {
		t.Fatal(err, out)
	}
	lost := links(t, raw)["shop/multi@"+c.multi[1].Children[0].Digest] == ""
	bites(t, lost == (v == registrytest.V2), "children of tagged indexes are treated otherwise by this version")

	w, c := inUse(t, v)
	status(t, w.server, http.MethodDelete, "/v2/shop/web/manifests/"+c.web[3].Digest)
	_, calls, _ := collected(t, w, 0)
	for _, argv := range calls {
		if slices.Contains(argv, "-m") || slices.ContainsFunc(argv, func(a string) bool { return strings.HasPrefix(a, "--delete-untagged") }) {
			t.Errorf("%q", argv)
		}
	}
	now := links(t, w.server)
	for _, index := range c.multi[1:] {
		for _, child := range index.Children {
			if now["shop/multi@"+child.Digest] == "" {
				t.Errorf("the child %s is gone", child.Digest)
			}
		}
	}
	must(t, 0, w.args("verify")...)
}
