package roots

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func TestPagesThatExpireAreReadAnew(t *testing.T) {
	for _, c := range []struct {
		expire int64 // so many of the later pages
		lists  int   // of pods
	}{{0, 4}, {1, 2 + 4}, {2, 2 + 2 + 1}} {
		s := kubetest.Start(t, kubetest.Options{})
		for i := range 37 {
			s.Put(podWith(fmt.Sprintf("p%02d", i), func(p *corev1.Pod) { p.Spec.Containers[0].Image = fmt.Sprintf("app:%d", i) })...)
		}
		var left atomic.Int64
		left.Store(c.expire)
		s.Faults().Func(func(r *http.Request) kubetest.Fault {
			if r.URL.Query().Get("continue") != "" && left.Add(-1) >= 0 {
				return kubetest.Fault{Code: http.StatusGone}
			}
			return kubetest.Fault{}
		})
		v := read(t, s, Options{PageSize: 10})
		lists := s.Recorder().Count(func(r kubetest.Request) bool { return r.Path == "/api/v1/pods" })
		named := 0
		for _, r := range v.References {
			if strings.HasPrefix(r.Image, "app:") && len(r.Sites) == 1 {
				named++
			}
		}
		if named != 37 || lists != c.lists {
			t.Errorf("%d expired: %d images in %d lists, not 37 in %d", c.expire, named, lists, c.lists)
		}
		for _, k := range v.Kinds {
			if k.Name == "pods" && k.Objects != 37 {
				t.Errorf("%d pods", k.Objects)
			}
		}
	}
}

func TestAListThatIsNotWholeIsAnError(t *testing.T) {
	for text, want := range map[string]string{
		`{"metadata":{"continue":"x"},"items":[{"a":1},{"b":2}]}`: "2 x",
		`{"items":[{"a":1}],"kind":"L","metadata":{}}`:            "1 ",
		`{"items":null,"metadata":{}}`:                            "0 ",
		`{"items":[],"metadata":{"continue":""}}`:                 "0 ",
		`{"items":[{"a":1},`:                                      "error",
		`{"items":[{"a":1}]`:                                      "error",
		`{"items":{}}`:                                            "error",
		`{"kind":"Status"}`:                                       "error",
		`[]`:                                                      "error",
		`<html>`:                                                  "error",
		``:                                                        "error",
	} {
		n := 0
		next, err := decodeList(strings.NewReader(text), func([]byte) error { n++; return nil })
		got := fmt.Sprintf("%d %s", n, next)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %s, want %s (%v)", text, got, want, err)
		}
	}
}
