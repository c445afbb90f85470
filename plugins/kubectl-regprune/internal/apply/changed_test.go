package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// busy turns the first request down and has meanwhile happen while the client waits.
func busy(status int, meanwhile func()) registrytest.Action {
	var once sync.Once
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		first := false
		once.Do(func() { first = true })
		if first {
			meanwhile()
			w.WriteHeader(status)
			return
		}
		server.ServeHTTP(w, r)
	}
}

// kept and old are a world of two images.
func keptAndOld(t *testing.T, v registrytest.Version) (*registrytest.Server, *world, *registrytest.Content) {
	t.Helper()
	s := registrytest.Start(t, v, registrytest.Options{})
	w := pushed(s)
	w.add("app", image("kept"), "1.0")
	return s, w, w.add("app", image("old"), "old")
}

// TestTagMovedBetweenAttempts: a server that is busy deletes nothing that has changed
// when it has time.
func TestTagMovedBetweenAttempts(t *testing.T) {
	for _, status := range []int{429, 503} {
		s, w, _ := keptAndOld(t, registrytest.V3)
		fresh := image("fresh")
		b := save(t, s.Client(), w.plan(registrytest.V3))
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Path: "manifests/old", Times: -1, Do: busy(status, func() { s.Push("app", fresh, "old") })})
		r := run(t, proxy.Client(), b, apply.Options{Parallel: 1})
		pulled(t, s, "app", "old", fresh)
		if i := item(r, "app", "old", ""); i.Outcome != apply.Skipped || i.Reason != apply.Moved {
			t.Errorf("status %d: %+v", status, r)
		}
	}
}

func TestTaggedBetweenAttempts(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s, w, old := keptAndOld(t, v)
		b := save(t, s.Client(), w.plan(v))
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Path: "manifests/" + old.Digest, Times: -1, Do: busy(429, func() { s.Push("app", old, "prod") })})
		r := run(t, proxy.Client(), b, apply.Options{Parallel: 1})
		pulled(t, s, "app", "prod", old)
		if i := item(r, "app", "", old.Digest); i.Outcome != apply.Skipped || i.Reason != apply.Retagged {
			t.Errorf("%+v", r)
		}
	})
}

func TestMovedBeforeItIsOverwritten(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	w := pushed(s)
	w.add("app", image("both"), "1.0", "old")
	fresh := image("fresh")
	b := save(t, s.Client(), w.plan(registrytest.V2))
	proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "PUT", Path: "manifests/old", Times: -1, Do: busy(429, func() { s.Push("app", fresh, "old") })})
	r := run(t, proxy.Client(), b, apply.Options{Parallel: 1, UntagByOverwrite: true})
	pulled(t, s, "app", "old", fresh)
	if i := item(r, "app", "old", ""); i.Outcome != apply.Skipped || i.Reason != apply.Moved {
		t.Errorf("%+v", r)
	}
}

// sparesOld pushes the old image again and checks that a run leaves it alone.
func sparesOld(t *testing.T, s *registrytest.Server, b *backup.Backup, old *registrytest.Content) {
	t.Helper()
	s.Push("app", old, "old")
	r := run(t, s.Client(), b, apply.Options{})
	pulled(t, s, "app", "old", old)
	for _, i := range []apply.Item{item(r, "app", "old", ""), item(r, "app", "", old.Digest)} {
		if i.Outcome != apply.Skipped || i.Reason != apply.PushedAgain {
			t.Errorf("%+v", i)
		}
	}
}

// TestNeverBackedUp: what was gone when the backup was made, and has come back, is not
// deleted: it could not be undone.
func TestNeverBackedUp(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s, w, old := keptAndOld(t, v)
		p := w.plan(v)
		s.Delete("app", old.Digest)
		b := save(t, s.Client(), p)
		if r := run(t, s.Client(), b, apply.Options{}); !r.Complete() || r.Tags.Gone != 1 || r.Manifests.Gone != 1 {
			t.Errorf("before it is back: %+v", r)
		}
		sparesOld(t, s, b, old)
	})
}

// TestMovedAndMovedBack: a tag that was moved, and is back when the run is gone on with,
// is where somebody wants it.
func TestMovedAndMovedBack(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s, w, old := keptAndOld(t, v)
		b := save(t, s.Client(), w.plan(v))
		s.Push("app", image("new"), "old")
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Path: "manifests/" + old.Digest, Times: -1, Do: registrytest.Status(503, "")})
		if r := run(t, proxy.Client(quick), b, apply.Options{}); item(r, "app", "old", "").Reason != apply.Moved {
			t.Errorf("moved: %+v", r)
		}
		if r := run(t, proxy.Client(quick), b, apply.Options{}); item(r, "app", "old", "").Reason != apply.Moved {
			t.Errorf("still moved: %+v", r)
		}
		sparesOld(t, s, b, old)
	})
}

// TestUsedInTheMeantime: an image is in use when its turn comes. Its tag and that of its
// signature, which went before, are put back.
func TestUsedInTheMeantime(t *testing.T) {
	s, w, old := keptAndOld(t, registrytest.V3)
	sig := registrytest.Signature(old).Build()
	name := registrytest.AttachedTag(old, "sig")
	w.add("app", sig, name)
	b := save(t, s.Client(), w.plan(registrytest.V3))
	used := false
	proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Path: "manifests/sha256-", Do: func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(rw, r)
		used = true
	}})
	r := run(t, proxy.Client(), b, apply.Options{Parallel: 1, RecheckEvery: 1, Recheck: func(context.Context) (plan.References, error) {
		if !used {
			return plan.References{}, nil
		}
		return plan.References{Digests: map[string][]roots.Site{old.Digest: {{Why: roots.InUse}}}}, nil
	}})
	pulled(t, s, "app", name, sig)
	pulled(t, s, "app", "old", old)
	for tag, why := range map[string]apply.Reason{name: apply.Needed, "old": apply.InUse} {
		if i := item(r, "app", tag, ""); i.Outcome != apply.Failed || i.Reason != why || i.Err == nil {
			t.Errorf("%+v", i)
		}
	}
}

// TestDeletionsWithoutEffect: of many, some are asked for, and all if one is there.
func TestDeletionsWithoutEffect(t *testing.T) {
	const many = 150
	s := registrytest.Start(t, registrytest.V3, registrytest.Options{})
	w := pushed(s)
	for n := range many {
		w.add("app", registrytest.SeedImage(0, n), fmt.Sprint("old", n))
	}
	b := save(t, s.Client(), w.plan(registrytest.V3))
	proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Path: "manifests/sha256:[^0]", Times: -1, Do: registrytest.Status(202, "")})
	r := run(t, proxy.Client(), b, apply.Options{})
	if r.Manifests.Failed < many/2 || r.Tags.Deleted != many || r.Complete() {
		t.Errorf("%+v %+v", r.Tags, r.Manifests)
	}
	for _, left := range links(t, s) {
		digest := strings.TrimPrefix(left, "app@")
		if i := item(r, "app", "", digest); i.Outcome != apply.Failed || i.Err == nil {
			t.Errorf("%q is there: %+v", left, i)
		}
	}
}
