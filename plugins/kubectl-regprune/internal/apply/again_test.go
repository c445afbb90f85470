package apply_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
)

// pulled reads an image with all that it needs.
func pulled(t *testing.T, s *registrytest.Server, repo, ref string, c *registrytest.Content) {
	t.Helper()
	m, err := s.Client().Manifest(t.Context(), repo, ref)
	if err != nil || m.Digest != c.Digest {
		t.Errorf("pulling %s:%s: %+v, %v", repo, ref, m, err)
	}
	for _, child := range c.Children {
		pulled(t, s, repo, child.Digest, child)
	}
}

// interrupted is a run that is stopped while an index goes, the first of it all.
func interrupted(t *testing.T, s *registrytest.Server, v registrytest.Version) (*backup.Backup, *registrytest.Content) {
	t.Helper()
	w := pushed(s)
	w.add("app", image("kept"), "1.0")
	index := w.add("app", registrytest.Index{Manifests: []registrytest.Builder{image("amd64"), image("arm64")}}, "old-index")
	b := save(t, s.Client(), w.plan(v))
	ctx, cancel := context.WithCancel(t.Context())
	proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Path: "manifests/" + index.Digest, Do: func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(rw, r)
		cancel()
	}})
	r, err := apply.Run(ctx, proxy.Client(), b, apply.Options{Parallel: 1})
	if !errors.Is(err, context.Canceled) || r.Manifests.Deleted != 1 || r.Manifests.Remaining != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	return b, index
}

// TestResumedAfterPush: the same build is pushed again before a run is gone on with,
// as often as that may be tried.
func TestResumedAfterPush(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		for name, tags := range map[string][]string{"the-same-tag": {"old-index"}, "no-tag": nil, "another-tag": {"2.0"}} {
			t.Run(name, func(t *testing.T) {
				s := registrytest.Start(t, v, registrytest.Options{})
				b, index := interrupted(t, s, v)
				s.Push("app", index, tags...)
				before := links(t, s)
				for range 3 {
					r, err := resume(t.Context(), s.Client(), b.Dir, apply.Options{})
					if err != nil || r.Complete() || r.Manifests.Skipped != 3 || item(r, "app", "", index.Digest).Reason != apply.PushedAgain {
						t.Errorf("%+v, %v", r, err)
					}
					if i := item(r, "app", "old-index", ""); name == "the-same-tag" && (i.Outcome != apply.Skipped || i.Reason != apply.PushedAgain) {
						t.Errorf("%+v", i)
					}
					if i := item(r, "app", "", index.Children[0].Digest); i.Reason != apply.Needed {
						t.Errorf("%+v", i)
					}
				}
				if !slices.Equal(before, links(t, s)) {
					t.Errorf("before %q, after %q", before, links(t, s))
				}
				pulled(t, s, "app", index.Digest, index)
			})
		}
	})
}

// TestPushedAfterTheEnd: a run that had ended is not complete any more.
func TestPushedAfterTheEnd(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		b, index := interrupted(t, s, v)
		if r := run(t, s.Client(), b, apply.Options{}); !r.Complete() {
			t.Fatalf("%+v", r)
		}
		s.Push("app", index, "old-index")
		if r := run(t, s.Client(), b, apply.Options{}); r.Complete() {
			t.Errorf("%+v", r)
		}
		pulled(t, s, "app", "old-index", index)
	})
}

// TestResumedAfterRestore: somebody wanted it back.
func TestResumedAfterRestore(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		b, index := interrupted(t, s, v)
		if _, err := backup.Restore(t.Context(), s.Client(), b, backup.RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		_, err := resume(t.Context(), s.Client(), b.Dir, apply.Options{})
		if !errors.Is(err, apply.ErrRestored) || hint.Of(err) == "" {
			t.Errorf("error %v, hint %q", err, hint.Of(err))
		}
		pulled(t, s, "app", "old-index", index)
	})
}

// TestPushedAgain: a tag is pushed again while the run goes on that has deleted it.
func TestPushedAgain(t *testing.T) {
	s := registrytest.Start(t, registrytest.V3, registrytest.Options{})
	w := pushed(s)
	w.add("app", image("kept"), "1.0")
	a := w.add("app", image("first"), "old-first")
	b := save(t, s.Client(), w.plan(registrytest.V3))
	proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Path: "manifests/old-first", Do: func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(rw, r)
		s.Push("app", a, "old-first")
	}})
	r := run(t, proxy.Client(), b, apply.Options{Parallel: 1})
	if i := item(r, "app", "old-first", ""); i.Outcome != apply.Failed || i.Reason != apply.PushedAgain || i.Err == nil {
		t.Errorf("%+v", r)
	}
	if i := item(r, "app", "", a.Digest); i.Outcome != apply.Skipped || i.Reason != apply.PushedAgain {
		t.Errorf("%+v", r)
	}
	if r := run(t, s.Client(), b, apply.Options{}); r.Complete() {
		t.Errorf("%+v", r)
	}
	pulled(t, s, "app", "old-first", a)
}

// TestNoEffect: deletions are accepted, and nothing happens.
func TestNoEffect(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		for name, path := range map[string]string{"all": "", "manifests": "manifests/sha256:"} {
			t.Run(name, func(t *testing.T) {
				s := registrytest.Start(t, v, registrytest.Options{})
				w := pushed(s)
				w.add("app", image("kept"), "1.0")
				old := w.add("app", image("old"), "old")
				proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Path: path, Times: -1, Do: registrytest.Status(http.StatusAccepted, "")})
				r := run(t, proxy.Client(), save(t, s.Client(), w.plan(v)), apply.Options{})
				if r.Complete() || r.Manifests.Deleted+r.Manifests.Gone > 0 || item(r, "app", "", old.Digest).Reason != apply.PushedAgain {
					t.Errorf("%+v", r)
				}
				tagGone := v == registrytest.V3 && name == "manifests"
				if i := item(r, "app", "old", ""); !tagGone && (i.Outcome != apply.Failed || i.Err == nil) || tagGone && r.Manifests.Failed != 1 {
					t.Errorf("%+v", r)
				}
			})
		}
	})
}

// TestNobodyKnowsWhetherItIsGone: that is no success, and told apart when it is asked again.
func TestNobodyKnowsWhetherItIsGone(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		w := pushed(s)
		old := w.add("app", image("old"), "old")
		b := save(t, s.Client(), w.plan(v))
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "HEAD", Path: old.Digest, Times: -1, Do: registrytest.Status(500, "")})
		for range 2 {
			if _, err := apply.Run(t.Context(), proxy.Client(quick), b, apply.Options{}); err == nil || hint.Of(err) == "" {
				t.Errorf("error %v, hint %q", err, hint.Of(err))
			}
		}
		if r := run(t, s.Client(), b, apply.Options{}); !r.Complete() {
			t.Errorf("%+v", r)
		}
	})
}
