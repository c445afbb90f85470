package roots

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func widgets() kubetest.Kind {
	return kubetest.Kind{GroupVersionKind: schema.GroupVersionKind{Group: "example.test", Version: "v1", Kind: "Widget"}}
}

func TestKindsThatCannotBeReadEndItUnlessAllowed(t *testing.T) {
	forbidden := func(s *kubetest.Server) {
		s.Deny(kubetest.Rule{Verb: "list", Resource: "secrets"}, kubetest.Rule{Verb: "list", Resource: "widgets"})
	}
	broken := func(s *kubetest.Server) { // an aggregated API whose server is gone
		s.Faults().Func(func(r *http.Request) kubetest.Fault {
			if strings.HasPrefix(r.URL.Path, "/apis/example.test/") {
				return kubetest.Fault{Code: http.StatusServiceUnavailable}
			}
			return kubetest.Fault{}
		})
	}
	failing := func(s *kubetest.Server) {
		s.Faults().Set(kubetest.Fault{On: "/widgets", Code: http.StatusInternalServerError})
	}
	for _, c := range []struct {
		what    string
		spoil   func(*kubetest.Server)
		allow   []string
		refused []string
		missing []string
	}{
		{"forbidden", forbidden, nil, []string{"secrets", "widgets.example.test"}, nil},
		{"forbidden, one allowed", forbidden, []string{"secrets"}, []string{"widgets.example.test"}, nil},
		{"forbidden, allowed by kind", forbidden, []string{"Secret", "widget"}, nil, []string{"secrets", "widgets.example.test"}},
		{"forbidden, allowed by resource", forbidden, []string{" secrets", "widgets.example.test"}, nil, []string{"secrets", "widgets.example.test"}},
		{"no discovery", broken, nil, []string{"example.test/v1"}, nil},
		{"no discovery, allowed", broken, []string{"example.test/v1"}, nil, []string{"example.test/v1"}},
		{"no discovery, allowed by group", broken, []string{"example.test"}, nil, []string{"example.test/v1"}},
		{"failing", failing, []string{"secrets"}, []string{"widgets.example.test"}, nil},
		{"allowed, but readable", func(*kubetest.Server) {}, []string{"secrets", "pods"}, nil, nil},
	} {
		s := kubetest.Start(t, kubetest.Options{})
		s.Define(widgets())
		s.Put(podWith("p", func(*corev1.Pod) {})...)
		c.spoil(s)
		v, err := Read(t.Context(), Cluster{"test", s.RESTConfig()}, Options{AllowPartial: c.allow})
		var incomplete *IncompleteError
		if errors.As(err, &incomplete) != (c.refused != nil) || err != nil && incomplete == nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if err != nil {
			if !slices.Equal(incomplete.Kinds, c.refused) {
				t.Errorf("%s: %v are named, not %v", c.what, incomplete.Kinds, c.refused)
			}
			if h := hint.Of(err); !strings.Contains(h, "regprune rbac --for plan") || !strings.Contains(h, "--allow-partial-cluster-view="+strings.Join(c.refused, ",")) {
				t.Errorf("%s: the hint is %q", c.what, h)
			}
			continue
		}
		if !slices.Equal(v.Missing, c.missing) || len(v.References) == 0 {
			t.Errorf("%s: missing %v, %d references", c.what, v.Missing, len(v.References))
		}
	}
}

// Where nothing is looked for, nothing has to work.
func TestMeasurementsMayBeDown(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	s.Define(kubetest.Kind{GroupVersionKind: schema.GroupVersionKind{Group: "metrics.k8s.io", Version: "v1beta1", Kind: "PodMetrics"}, Resource: "pods"})
	s.Faults().Set(kubetest.Fault{On: "metrics.k8s.io/v1beta1", Code: http.StatusServiceUnavailable})
	if v := read(t, s, Options{Deep: holding("a:1")}); len(v.Missing) > 0 {
		t.Errorf("missing: %v", v.Missing)
	}
}

func TestImagesThatNobodyUnderstandsEndIt(t *testing.T) {
	for image, ends := range map[string]bool{
		"localhost:32000/App:1":            true,
		"a/b:tag:tag":                      true,
		"a b":                              true,
		"foreign.test/App:1":               false,
		" ":                                false,
		"localhost:32000/app:{{tag}}":      false,
		"localhost:32000/app:${VERSION}":   false,
		"localhost:32000/app@" + digest(1): false,
		digest(1):                          false,
	} {
		for _, status := range []bool{false, true} {
			s := kubetest.Start(t, kubetest.Options{})
			s.Put(podWith("p", func(p *corev1.Pod) {
				if status {
					p.Status.ContainerStatuses[0].Image = image
				} else {
					p.Spec.Containers[0].Image = image
				}
			})...)
			_, err := Read(t.Context(), Cluster{"test", s.RESTConfig()}, Options{Hosts: Hosts{Foreign: []string{"foreign.test"}}})
			if (err != nil) != (ends && !status) {
				t.Errorf("%q, in the status %v: %v", image, status, err)
			}
			if err != nil && (!strings.Contains(err.Error(), `in Pod "prod/p", spec.containers[other].image`) || hint.Of(err) == "") {
				t.Errorf("%q: %v (%s)", image, err, hint.Of(err))
			}
		}
	}
}

func TestReleasesThatNobodyUnderstandsEndIt(t *testing.T) {
	bomb := packed(t, strings.Repeat("a", 10))
	for what, release := range map[string]string{
		"no base64": "###hunter2###", "no gzip": "H4sIAAAA", "no JSON": "aHVudGVyMg==", "cut short": bomb[:len(bomb)/2/4*4],
		"empty": "", "no YAML": packed(t, "image: hunter2\n\t- {"), "no object": packed(t, "image hunter2"),
	} {
		s := kubetest.Start(t, kubetest.Options{})
		s.Put(helmSecret("bad", release), helmSecret("good", packed(t, "kind: Pod\nspec: {containers: [{name: a, image: 'app:1'}]}")))
		_, err := Read(t.Context(), Cluster{"test", s.RESTConfig()}, Options{})
		var incomplete *IncompleteError
		if !errors.As(err, &incomplete) || !slices.Equal(incomplete.Kinds, []string{"secrets"}) || !strings.Contains(err.Error(), `"bad" in namespace "prod"`) {
			t.Errorf("%s: %v", what, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: a secret is told: %v", what, err)
		}
		v := read(t, s, Options{AllowPartial: []string{"secrets"}})
		if len(v.References) != 1 || !slices.Equal(v.Missing, []string{"secrets"}) {
			t.Errorf("%s: %+v", what, v)
		}
	}
}

// Of Secrets a deep scan keeps what the registry knows, and nothing else.
func TestSecretsStaySecret(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	secret := &corev1.Secret{ObjectMeta: meta("s"), Data: map[string][]byte{
		"one": []byte("app:hunter2 hunter3.test/app:1 app:{{hunter4}} x" + digest(7)), "two": []byte("hunter5"),
	}}
	release := packed(t, "kind: Secret\nmetadata: {name: x}\nstringData: {a: 'app:hunter6', b: 'hunter7/team/tool:2'}\ndata: {c: YXBwOjM=}\n")
	s.Put(secret, helmSecret("h", release))
	v := read(t, s, Options{Deep: holding("app:1", "app:2", "app:3", "team/tool:2")})
	text, err := json.Marshal(v)
	if err != nil || strings.Contains(string(text), "hunter") {
		t.Errorf("%s, %v", text, err)
	}
	var images []string
	for _, r := range v.References {
		images = append(images, r.Image+" "+r.Sites[0].Field)
	}
	if want := []string{"app:1 data.one", "app:3 manifest[Secret/x].data.c"}; !slices.Equal(images, want) {
		t.Errorf("%q, want %q", images, want)
	}
}

func TestAContextEndsIt(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	s.Faults().Func(func(r *http.Request) kubetest.Fault {
		if strings.HasSuffix(r.URL.Path, "/pods") {
			cancel(why)
		}
		return kubetest.Fault{}
	})
	if _, err := Read(ctx, Cluster{"test", s.RESTConfig()}, Options{}); !errors.Is(err, why) {
		t.Error(err)
	}
}
