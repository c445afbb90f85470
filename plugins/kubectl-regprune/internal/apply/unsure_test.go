package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// TestDoneAndThenUsed: a server deletes, a gateway says that it did not, and by the time
// that it would be asked again a cluster uses what is gone: it comes back.
func TestDoneAndThenUsed(t *testing.T) {
	for _, tc := range []struct {
		version registrytest.Version
		path    string
		tag     bool // is what it is about
	}{{registrytest.V2, "manifests/sha256:[^0]", false}, {registrytest.V3, "manifests/sha256:[^0]", false}, {registrytest.V3, "manifests/old$", true}} {
		s, w, old := keptAndOld(t, tc.version)
		b := save(t, s.Client(), w.plan(tc.version))
		used := false
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Path: tc.path, Do: func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
			registrytest.StatusAfter(504, "")(rw, r, server)
			used = true
		}})
		r := run(t, proxy.Client(quick), b, apply.Options{Parallel: 1, RecheckEvery: 1, Recheck: func(context.Context) (plan.References, error) {
			if !used {
				return plan.References{}, nil
			}
			return plan.References{Digests: map[string][]roots.Site{old.Digest: {{Why: roots.InUse}}}}, nil
		}})
		pulled(t, s, "app", "old", old)
		tag := ""
		if tc.tag {
			tag = "old"
		}
		if i := item(r, "app", tag, old.Digest); i.Outcome != apply.Failed || i.Reason != apply.InUse || i.Err == nil {
			t.Errorf("%s, %s: %+v", tc.version, tc.path, r)
		}
	}
}

// TestMovedToAnotherThatGoes: while one manifest goes, the tag of a second is moved to a
// third. It stays, also while the last list of tags is still believed.
func TestMovedToAnotherThatGoes(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		w := pushed(s)
		w.add("app", image("kept"), "1.0")
		var images []*registrytest.Content
		tagOf := map[string]string{}
		for i := range 3 {
			tag := fmt.Sprint("old", i)
			images = append(images, w.add("app", image(tag), tag))
			tagOf[images[i].Digest] = tag
		}
		p := w.plan(v)
		var going []string
		for _, m := range p.Repos[0].Manifests {
			going = append(going, m.Digest)
		}
		slices.SortFunc(images, func(a, b *registrytest.Content) int {
			return slices.Index(going, a.Digest) - slices.Index(going, b.Digest)
		})
		b := save(t, s.Client(), p)
		moved := ""
		proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "DELETE", Path: "manifests/(sha256:[^0]|old)", Do: registrytest.Hook(func(r *http.Request) {
			// Two wait for their turn, so that the other one of the first two is the next.
			switch ref := r.URL.Path[len("/v2/app/manifests/"):]; ref {
			case images[0].Digest, tagOf[images[0].Digest]:
				moved = tagOf[images[1].Digest]
			default:
				moved = tagOf[images[0].Digest]
			}
			s.Push("app", images[2], moved)
		})})
		r := run(t, proxy.Client(), b, apply.Options{Parallel: 1, ListedFor: time.Minute})
		pulled(t, s, "app", moved, images[2])
		if i := item(r, "app", "", images[2].Digest); i.Outcome != apply.Skipped || r.Complete() {
			t.Errorf("%+v", r)
		}
	})
}

// TestPlaceholderOfNobody: a placeholder is pushed, a gateway says that it is not, and
// somebody pushes the tag: nothing is left of the placeholder.
func TestPlaceholderOfNobody(t *testing.T) {
	s := registrytest.Start(t, registrytest.V2, registrytest.Options{})
	w := pushed(s)
	w.add("app", image("both"), "1.0", "old")
	fresh := image("fresh")
	b := save(t, s.Client(), w.plan(registrytest.V2))
	var want []string
	proxy := registrytest.Faulty(t, s, registrytest.Rule{Method: "PUT", Path: "manifests/old", Do: func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
		before := links(t, s)
		registrytest.StatusAfter(503, "")(rw, r, server)
		s.Push("app", fresh, "old")
		want = slices.DeleteFunc(before, func(s string) bool { return s == "app:old="+w.repos["app"].Tags[0].Digest })
		want = append(want, "app:old="+fresh.Digest, "app@"+fresh.Digest)
	}})
	r := run(t, proxy.Client(quick), b, apply.Options{Parallel: 1, UntagByOverwrite: true})
	if i := item(r, "app", "old", ""); i.Outcome != apply.Skipped || i.Reason != apply.Moved {
		t.Errorf("%+v", r)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, links(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
