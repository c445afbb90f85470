package apply_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
)

// TestPromoted: a tag is made for what is to go, after one deletion and before the next.
func TestPromoted(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		w := pushed(s)
		w.add("app", image("kept"), "1.0")
		index := func(name string) registrytest.Builder {
			return registrytest.Index{Manifests: []registrytest.Builder{image(name)}}
		}
		a, z := w.add("app", index("first"), "old-first"), w.add("app", index("second"), "old-second")
		b := save(t, s.Client(), w.plan(v))
		proxy := registrytest.Faulty(t, s)
		var promoted *registrytest.Content
		for _, pair := range [][2]*registrytest.Content{{a, z}, {z, a}} {
			proxy.Add(registrytest.Rule{Method: "DELETE", Path: "manifests/" + pair[0].Digest, Do: func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
				if promoted == nil {
					promoted = pair[1]
					s.Push("app", promoted, "prod")
				}
				server.ServeHTTP(rw, r)
			}})
		}
		r := run(t, proxy.Client(), b, apply.Options{Parallel: 1})
		if promoted == nil {
			t.Fatalf("nothing was deleted: %+v", r)
		}
		pulled(t, s, "app", "prod", promoted)
		if i := item(r, "app", "", promoted.Digest); i.Outcome != apply.Skipped || i.Reason != apply.Retagged || r.Manifests.Deleted != 2 {
			t.Errorf("%+v", r)
		}
	})
}

// atDelete pushes when the deletion of a manifest is sent and the server has not got it.
func atDelete(digest string, push func()) registrytest.Rule {
	return registrytest.Rule{Method: "DELETE", Path: "manifests/" + digest, Do: registrytest.Hook(func(*http.Request) { push() })}
}

// TestMovedInTheLastMoment: a tag that stays is moved to an image whose deletion has
// begun. It cannot be saved, but that is said.
func TestMovedInTheLastMoment(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		w := pushed(s)
		w.add("app", image("kept"), "1.0")
		old := w.add("app", image("old"), "old")
		b := save(t, s.Client(), w.plan(v))
		proxy := registrytest.Faulty(t, s, atDelete(old.Digest, func() { s.Push("app", old, "1.0") }))
		r := run(t, proxy.Client(), b, apply.Options{})
		if i := item(r, "app", "1.0", ""); i.Outcome != apply.Failed || i.Err == nil || r.Complete() {
			t.Errorf("%+v", r)
		}
	})
}

// TestNeededInTheLastMoment: an index is pushed that names an image whose deletion has
// begun; a server that is asked for the image before that takes it.
func TestNeededInTheLastMoment(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		w := pushed(s)
		w.add("app", image("kept"), "1.0")
		old := w.add("app", image("old"), "old")
		w.add("app", registrytest.Signature(old), registrytest.AttachedTag(old, "sig"))
		index := registrytest.Index{Manifests: []registrytest.Builder{old}}.Build()
		b := save(t, s.Client(), w.plan(v))
		proxy := registrytest.Faulty(t, s, atDelete(old.Digest, func() { s.Push("app", index, "2.0") }))
		r := run(t, proxy.Client(), b, apply.Options{})
		pulled(t, s, "app", "2.0", index)
		if i := item(r, "app", "", old.Digest); i.Outcome != apply.Failed || i.Reason != apply.Needed || i.Err == nil || r.Complete() {
			t.Errorf("%+v", r)
		}
		sig := registrytest.Signature(old).Build()
		pulled(t, s, "app", registrytest.AttachedTag(old, "sig"), sig)
		if r := run(t, s.Client(), b, apply.Options{}); r.Complete() || item(r, "app", "", old.Digest).Reason != apply.Needed {
			t.Errorf("resumed: %+v", r)
		}
		pulled(t, s, "app", "2.0", index)
	})
}

// TestSeenAndLost: while the deletion of an image is under way, a tag is made for it,
// which the list before another deletion has. The tag is put back.
func TestSeenAndLost(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		w := pushed(s)
		w.add("app", image("kept"), "1.0")
		var images []*registrytest.Content
		for i := range 6 {
			images = append(images, w.add("app", image(fmt.Sprint(i)), fmt.Sprint("old", i)))
		}
		first := slices.MinFunc(images, func(a, b *registrytest.Content) int { return strings.Compare(a.Digest, b.Digest) })
		b := save(t, s.Client(), w.plan(v))
		seen := make(chan struct{})
		var once sync.Once
		proxy := registrytest.Faulty(t, s,
			registrytest.Rule{Method: "HEAD", Path: "manifests/prod$", Times: -1, Do: func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
				server.ServeHTTP(rw, r)
				once.Do(func() { close(seen) })
			}},
			registrytest.Rule{Method: "DELETE", Path: "manifests/" + first.Digest, Do: func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
				s.Push("app", first, "prod")
				<-seen
				server.ServeHTTP(rw, r)
			}})
		r := run(t, proxy.Client(), b, apply.Options{})
		pulled(t, s, "app", "prod", first)
		if i := item(r, "app", "prod", ""); i.Outcome != apply.Failed || i.Err == nil || r.Complete() {
			t.Errorf("%+v", r)
		}
		if i := item(r, "app", "", first.Digest); i.Outcome != apply.Failed || i.Reason != apply.Needed || r.Manifests.Deleted != len(images)-1 {
			t.Errorf("%+v", r)
		}
	})
}
