package resolve_test

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

func addresses(ips ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		for _, ip := range ips {
			p.Status.PodIPs = append(p.Status.PodIPs, corev1.PodIP{IP: ip})
		}
	}
}

// TestAddresses: who has an address now, by both families, and nobody who had it.
func TestAddresses(t *testing.T) {
	client := fake.NewClientset(
		pod("shop-abc12-x", ownedBy("ReplicaSet", "shop-abc12"), labelled("pod-template-hash", "abc12"), addresses("10.0.0.1", "fd00::1")),
		pod("shop-abc12-y", ownedBy("ReplicaSet", "shop-abc12"), labelled("pod-template-hash", "abc12"), addresses("10.0.0.2")),
		pod("bare", addresses("10.0.0.3")),
		pod("ended", phase(corev1.PodSucceeded, ""), addresses("10.0.0.3")),
		pod("agent", ownedBy("DaemonSet", "agent"), addresses("192.168.0.1"), func(p *corev1.Pod) { p.Spec.HostNetwork = true }),
		pod("elsewhere", ownedBy("StatefulSet", "queue"), addresses("10.0.0.4"), func(p *corev1.Pod) { p.Namespace = "other" }),
		pod("pending"),
	)
	want := map[string]resolve.Workload{
		"10.0.0.1": {Namespace: ns, Name: "deployment/shop"}, "fd00::1": {Namespace: ns, Name: "deployment/shop"},
		"10.0.0.2": {Namespace: ns, Name: "deployment/shop"}, "10.0.0.3": {Namespace: ns, Name: "pod/bare"},
	}
	got, err := resolve.Addresses(t.Context(), client, ns)
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	want["10.0.0.4"] = resolve.Workload{Namespace: "other", Name: "statefulset/queue"}
	if got, err = resolve.Addresses(t.Context(), client, ""); err != nil || !maps.Equal(got, want) {
		t.Errorf("all: %v, %v", got, err)
	}
}
