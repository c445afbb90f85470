package locate

import (
	"context"
	"net"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

var (
	running = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	crashes = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
)

// pod has a container for metrics, which is its default one, and a Redis.
func pod(name string, phase corev1.PodPhase, metrics, redis corev1.ContainerState) *corev1.Pod {
	labels := map[string]string{"app": "cache"}
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "prod", Labels: labels},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "metrics", Image: "exporter"}, {Name: "redis", Image: "redis:7"}}},
		Status: corev1.PodStatus{Phase: phase, ContainerStatuses: []corev1.ContainerStatus{
			{Name: "metrics", State: metrics}, {Name: "redis", State: redis}}}}
}

func request(t *testing.T, ref string, objects ...runtime.Object) Request {
	t.Helper()
	server := redistest.Start(t)
	client := fake.NewClientset(objects...)
	r := Request{Client: client, Namespace: "prod", Command: "kubectl redismem -n prod", Finder: &redisconn.Finder{
		Client: client, Endpoint: func() *redisconn.Endpoint { return &redisconn.Endpoint{} },
		Dialer: func(string, int) redisconn.DialFunc {
			return func(ctx context.Context, _, _ string) (net.Conn, error) { return server.Dial(ctx, "", "") }
		}}}
	if ref != "" {
		parsed, err := resolve.ParseRef(ref)
		if err != nil {
			t.Fatal(err)
		}
		r.Ref = &parsed
	}
	return r
}

// TestBrokenSidecarHidesNothing: not in a search, not when the pod or its
// workload is named.
func TestBrokenSidecarHidesNothing(t *testing.T) {
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "cache", Namespace: "prod"},
		Spec: appsv1.StatefulSetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "cache"}}}}
	for _, phase := range []corev1.PodPhase{corev1.PodRunning, corev1.PodPending} {
		for _, ref := range []string{"", "cache-0", "statefulset/cache"} {
			p := pod("cache-0", phase, crashes, running)
			controller := true
			p.OwnerReferences = []metav1.OwnerReference{{Kind: "StatefulSet", Name: "cache", Controller: &controller}}
			d, err := Find(context.Background(), request(t, ref, p, set))
			if err != nil || d.Instances()[0].Name() != "cache-0:6379" || d.Instances()[0].Container.Name != "redis" {
				t.Errorf("%s, %q: %v", phase, ref, err)
			}
		}
	}
}

// TestNamedPodThatDoesNotRun is told about in words for connections.
func TestNamedPodThatDoesNotRun(t *testing.T) {
	r := request(t, "pod/cache-0", pod("cache-0", corev1.PodRunning, running, crashes))
	_, err := Find(context.Background(), r)
	const want = `pod "cache-0" is not running: container "redis" is waiting (CrashLoopBackOff)`
	if err == nil || err.Error() != want || !strings.Contains(hint.Of(err), "kubectl describe pod cache-0 -n prod") {
		t.Errorf("%v (hint %q), want %s", err, hint.Of(err), want)
	}
	r.Container = "absent"
	if _, err := Find(context.Background(), r); err == nil || !strings.Contains(err.Error(), `no container "absent"`) {
		t.Errorf("no such container: %v", err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "prod"}}
	if _, err := Find(context.Background(), request(t, "absent", namespace)); err == nil || !strings.Contains(err.Error(), `"absent" not found`) {
		t.Errorf("no such pod: %v", err)
	}
}
