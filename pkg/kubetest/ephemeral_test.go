package kubetest_test

import (
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func debugContainer(name, target string) corev1.EphemeralContainer {
	return corev1.EphemeralContainer{
		TargetContainerName:      target,
		EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: name, Image: "busybox:1"},
	}
}

// TestEphemeralContainersAreOnlyAdded checks what a real server refuses, in the
// order of the table: each case works on what the earlier ones left.
func TestEphemeralContainersAreOnlyAdded(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{Objects: []runtime.Object{kubetest.Pod("default", "web-0")}})
	client, err := kubernetes.NewForConfig(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	pods := client.CoreV1().Pods("default")
	for _, c := range []struct {
		name   string
		change func(*corev1.Pod)
		code   int32 // 0: it is taken
	}{
		{"of no such target", func(p *corev1.Pod) {
			p.Spec.EphemeralContainers = append(p.Spec.EphemeralContainers, debugContainer("a", "nosuch"))
		}, http.StatusUnprocessableEntity},
		{"with the name of a container", func(p *corev1.Pod) {
			p.Spec.EphemeralContainers = append(p.Spec.EphemeralContainers, debugContainer("app", "app"))
		}, http.StatusUnprocessableEntity},
		{"from an old pod", func(p *corev1.Pod) { p.ResourceVersion = "1234567" }, http.StatusConflict},
		{"good", func(p *corev1.Pod) {
			p.Spec.EphemeralContainers = append(p.Spec.EphemeralContainers, debugContainer("a", "app"))
			p.Spec.NodeName = "elsewhere" // does not count
		}, 0},
		{"changed", func(p *corev1.Pod) { p.Spec.EphemeralContainers[0].Image = "busybox:2" }, http.StatusUnprocessableEntity},
		{"removed", func(p *corev1.Pod) { p.Spec.EphemeralContainers = nil }, http.StatusUnprocessableEntity},
	} {
		pod, err := pods.Get(t.Context(), "web-0", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c.change(pod)
		_, err = pods.UpdateEphemeralContainers(t.Context(), "web-0", pod, metav1.UpdateOptions{})
		var code int32
		if status, ok := err.(apierrors.APIStatus); ok { //nolint:errorlint // as the client returns it
			code = status.Status().Code
		}
		if code != c.code || err != nil && c.code == 0 {
			t.Errorf("a container %s: %v; want code %d", c.name, err, c.code)
		}
	}
	pod, err := pods.Get(t.Context(), "web-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(pod.Spec.EphemeralContainers) != 1 || pod.Spec.NodeName == "elsewhere" || pod.Status.EphemeralContainerStatuses[0].State.Running == nil {
		t.Errorf("in the end the pod is %+v", pod)
	}
	s.Deny(kubetest.Rule{Verb: "update", Resource: "pods/ephemeralcontainers"})
	if _, err := pods.UpdateEphemeralContainers(t.Context(), "web-0", pod, metav1.UpdateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("error %v, want forbidden", err)
	}
}
