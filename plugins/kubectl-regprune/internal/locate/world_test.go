package locate

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// world is a cluster with the objects of the named files of testdata, and ready pods
// for their workloads.
func world(t *testing.T, files ...string) (*kubetest.Server, *kube.Client) {
	t.Helper()
	s := kubetest.Start(t, kubetest.Options{})
	for _, name := range files {
		text, err := os.ReadFile("testdata/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range bytes.Split(text, []byte("\n---\n")) {
			o, _, err := scheme.Codecs.UniversalDeserializer().Decode(doc, nil, nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			s.Put(o)
			s.Put(podsFor(o)...)
		}
	}
	client, err := kube.NewClient(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

// podsFor are the pods that the controllers of a cluster would make.
func podsFor(o runtime.Object) []runtime.Object {
	switch o := o.(type) {
	case *appsv1.Deployment:
		template := o.Spec.Template.DeepCopy()
		template.Labels["pod-template-hash"] = "abc12"
		return pods(o.Namespace, replicas(o.Spec.Replicas), "ReplicaSet", o.Name+"-abc12", *template)
	case *appsv1.StatefulSet:
		return pods(o.Namespace, replicas(o.Spec.Replicas), "StatefulSet", o.Name, o.Spec.Template)
	case *corev1.ReplicationController:
		return pods(o.Namespace, replicas(o.Spec.Replicas), "ReplicationController", o.Name, *o.Spec.Template)
	}
	return nil
}

func pods(ns string, n int32, kind, owner string, template corev1.PodTemplateSpec) (out []runtime.Object) {
	yes := true
	for i := range n {
		p := kubetest.Pod(ns, fmt.Sprintf("%s-%d", owner, i))
		p.Labels, p.Spec = template.Labels, template.Spec
		p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: owner, Controller: &yes}}
		out = append(out, p)
	}
	return out
}

func named(t *testing.T, text string) *resolve.Ref {
	t.Helper()
	if text == "" {
		return nil
	}
	ref, err := resolve.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return &ref
}
