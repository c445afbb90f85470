package kubetest_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func TestDefinedKindsAreDiscoveredAndListed(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	gvk := schema.GroupVersionKind{Group: "example.test", Version: "v1", Kind: "Index"}
	beta := schema.GroupVersionKind{Group: "example.test", Version: "v1beta1", Kind: "Index"}
	s.Define(kubetest.Kind{GroupVersionKind: beta, Resource: "indices", ClusterScoped: true},
		kubetest.Kind{GroupVersionKind: gvk, Resource: "indices", ClusterScoped: true, Verbs: []string{"list", "watch"}})
	u := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "one"}, "spec": "anything"}}
	u.SetGroupVersionKind(gvk)
	s.Put(u)

	d, err := discovery.NewDiscoveryClientForConfig(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	groups, err := d.ServerGroups()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, g := range groups.Groups {
		if g.Name != gvk.Group {
			continue
		}
		found++
		if g.PreferredVersion.Version != "v1" || len(g.Versions) != 2 {
			t.Errorf("group: %+v", g)
		}
	}
	if found != 1 {
		t.Errorf("the group is told %d times", found)
	}
	list, err := d.ServerResourcesForGroupVersion("example.test/v1")
	if err != nil || len(list.APIResources) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if r := list.APIResources[0]; r.Name != "indices" || r.Namespaced || len(r.Verbs) != 2 || r.Kind != "Index" {
		t.Errorf("resource: %+v", r)
	}
	client, err := dynamic.NewForConfig(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	items, err := client.Resource(gvk.GroupVersion().WithResource("indices")).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(items.Items) != 1 || items.Items[0].GetName() != "one" || items.Items[0].GetNamespace() != "" {
		t.Errorf("%+v, %v", items, err)
	}
}
