package roots

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func fixtureCluster(t *testing.T, list []place) *kubetest.Server {
	t.Helper()
	s := kubetest.Start(t, kubetest.Options{})
	for _, p := range list {
		s.Put(p.objects...)
	}
	return s
}

func read(t *testing.T, s *kubetest.Server, o Options) *View {
	t.Helper()
	v, err := Read(t.Context(), Cluster{"test", s.RESTConfig()}, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (m *Matched) sites(needs string) []Site {
	if strings.HasPrefix(needs, "sha256:") {
		return m.Digests[needs]
	}
	repository, tag, _ := strings.Cut(needs, ":")
	return m.Tags[repository][tag]
}

func TestEveryPlaceThatNamesAnImageIsFound(t *testing.T) {
	list := places(t)
	g := fixtureRegistry(list)
	s := fixtureCluster(t, list)
	v := read(t, s, Options{Hosts: fixtureHosts, Deep: g})
	m := Match(v, fixtureHosts, g)
	found := 0
	for _, p := range list {
		sites := m.sites(p.needs)
		ok := false
		for _, s := range sites {
			ok = ok || s.Kind == p.kind && s.Field == p.field && s.Why == p.why && s.Context == "test" && s.Namespace == "prod" && s.Name != ""
		}
		if ok {
			found++
		} else {
			t.Errorf("%s: %s is not kept for %s %s (%s), but for %+v", p.what, p.needs, p.kind, p.field, p.why, sites)
		}
	}
	t.Logf("reference sites found: %d/%d", found, len(list))
	if n := len(s.Recorder().Requests()); n != v.Requests {
		t.Errorf("%d requests, not %d", v.Requests, n)
	}
	for _, unused := range []string{"pod:unused", "a/b:unused", digest(99)} {
		if sites := m.sites(unused); len(sites) > 0 {
			t.Errorf("%s is kept for %+v", unused, sites)
		}
	}
	if len(m.Unresolved) > 0 {
		t.Errorf("unresolved: %+v", m.Unresolved)
	}
}

// Without a deep scan only texts go unnoticed, and nothing but Helm's Secrets and
// ConfigMaps is asked for.
func TestSpecificationsAreFoundWithoutADeepScan(t *testing.T) {
	list := places(t)
	g := fixtureRegistry(list)
	s := fixtureCluster(t, list)
	m := Match(read(t, s, Options{Hosts: fixtureHosts}), fixtureHosts, g)
	for _, p := range list {
		if kept := len(m.sites(p.needs)) > 0; kept != (p.why != Mentioned) {
			t.Errorf("%s: kept is %v", p.what, kept)
		}
	}
	for _, r := range s.Recorder().Requests() {
		switch r.Path {
		case "/api/v1/secrets":
			if q := r.Query; q.Get("labelSelector") != "owner=helm" || q.Get("fieldSelector") != "type=helm.sh/release.v1" {
				t.Errorf("Secrets are asked for with %v", q)
			}
		case "/api/v1/configmaps":
			if q := r.Query; q.Get("labelSelector") != "owner=helm" {
				t.Errorf("ConfigMaps are asked for with %v", q)
			}
		case "/api/v1/events", "/api/v1/services", "/api/v1/nodes", "/api/v1/endpoints":
			t.Errorf("%s is read for nothing", r.Path)
		}
	}
}

func TestKindsAreReadInTheirPreferredVersion(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	s.Put(custom("example.test/v1", "Fleet", "f", map[string]any{"spec": map[string]any{"containers": containers("app", host+"app:1")}}))
	s.Define(kubetest.Kind{GroupVersionKind: schema.GroupVersionKind{Group: "example.test", Version: "v1alpha1", Kind: "Fleet"}},
		kubetest.Kind{GroupVersionKind: schema.GroupVersionKind{Group: "example.test", Version: "v1", Kind: "Question"}, Verbs: []string{"create"}})
	v := read(t, s, Options{})
	if len(v.References) != 1 || v.References[0].Image != host+"app:1" {
		t.Errorf("references: %+v", v.References)
	}
	for _, r := range s.Recorder().Requests() {
		if strings.HasSuffix(r.Path, "v1alpha1/fleets") || strings.HasSuffix(r.Path, "/questions") {
			t.Errorf("asked for %s", r.Path)
		}
	}
	if !slices.Contains(v.Kinds, Kind{"fleets.example.test", 1}) {
		t.Errorf("kinds: %v", v.Kinds)
	}
}

func TestNodesCountOnlyIfAsked(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}}
	node.Status.Images = []corev1.ContainerImage{{Names: []string{host + "app@" + digest(1), host + "app:1"}}}
	s.Put(node)
	g := holding("app:1", "app@"+digest(1))
	for _, c := range []struct {
		options Options
		want    int
	}{{Options{}, 0}, {Options{Deep: g}, 0}, {Options{NodeImages: true}, 2}, {Options{NodeImages: true, Deep: g}, 2}} {
		v := read(t, s, c.options)
		if len(v.References) != c.want {
			t.Errorf("with %+v: %+v", c.options, v.References)
		}
		for _, r := range v.References {
			if want := (Site{Context: "test", Kind: "Node", Name: "n", Field: "status.images", Why: Mentioned}); !slices.Equal(r.Sites, []Site{want}) {
				t.Errorf("sites: %+v", r.Sites)
			}
		}
	}
}

func TestSeveralClustersAreOneView(t *testing.T) {
	one := &View{Contexts: []string{"a"}, Requests: 2, Kinds: []Kind{{"pods", 1}}, Missing: []string{"secrets"},
		References: []Reference{{Image: "x:1", Sites: []Site{{Context: "a", Kind: "Pod", Name: "p", Why: InUse}}}}}
	two := &View{Contexts: []string{"b"}, Requests: 3, Kinds: []Kind{{"jobs.batch", 1}, {"pods", 4}},
		References: []Reference{{Image: "w:1"}, {Image: "x:1", Sites: []Site{{Context: "b", Kind: "Pod", Name: "p", Why: InUse}}}}}
	m := Merge(two, one)
	if m.Requests != 5 || !slices.Equal(m.Kinds, []Kind{{"jobs.batch", 1}, {"pods", 5}}) || !slices.Equal(m.Missing, []string{"a: secrets"}) ||
		!slices.Equal(m.Contexts, []string{"b", "a"}) {
		t.Errorf("%+v", m)
	}
	if len(m.References) != 2 || len(m.References[1].Sites) != 2 || m.References[1].Sites[0].Context != "a" {
		t.Errorf("%+v", m.References)
	}
	if len(two.References[1].Sites) != 1 {
		t.Error("merging has changed a view")
	}
	if same := Merge(one); !slices.Equal(same.Missing, one.Missing) {
		t.Errorf("%v", same.Missing)
	}
}
