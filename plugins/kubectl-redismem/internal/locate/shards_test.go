package locate

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// several is a request in a namespace whose pods r-0, r-1, ... lead to servers on
// the loopback interface.
func several(t *testing.T, ref string, more []runtime.Object, all ...*redistest.Server) Request {
	t.Helper()
	objects := more
	for i, s := range all {
		p := pod(fmt.Sprintf("r-%d", i), corev1.PodRunning, running, running)
		p.Spec.Containers = []corev1.Container{{Name: "redis", Image: "redis:7", Ports: []corev1.ContainerPort{{ContainerPort: int32(s.Port)}}}}
		p.Labels, p.Status.PodIP = map[string]string{"n": fmt.Sprint(i)}, "127.0.0.1"
		objects = append(objects, p)
	}
	client := fake.NewClientset(objects...)
	r := Request{Client: client, Namespace: "prod", Command: "kubectl redismem -n prod", Finder: &redisconn.Finder{
		Client: client, Endpoint: func() *redisconn.Endpoint { return &redisconn.Endpoint{} },
		Dialer: func(pod string, port int) redisconn.DialFunc {
			return func(ctx context.Context, _, _ string) (net.Conn, error) {
				for i, s := range all {
					if s.Port == port && pod == fmt.Sprintf("r-%d", i) {
						return s.Dial(ctx, "", "")
					}
				}
				return nil, fmt.Errorf("%s has no port %d", pod, port)
			}
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

// TestServiceOfThePrimaryLeadsToItsReplicas: it selects one pod, and the primary
// knows the others.
func TestServiceOfThePrimaryLeadsToItsReplicas(t *testing.T) {
	primary := redistest.Start(t)
	yes, port := true, int32(primary.Port)
	service := []runtime.Object{
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "master", Namespace: "prod"},
			Spec: corev1.ServiceSpec{Selector: map[string]string{"n": "0"}, Ports: []corev1.ServicePort{{Port: port}}}},
		&discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: "m", Namespace: "prod", Labels: map[string]string{discoveryv1.LabelServiceName: "master"}},
			AddressType: discoveryv1.AddressTypeIPv4, Ports: []discoveryv1.EndpointPort{{Port: &port}},
			Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"127.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: &yes},
				TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: "prod", Name: "r-0"}}}},
	}
	r := several(t, "svc/master", service, primary, redistest.StartReplica(t, primary), redistest.Start(t))
	d, err := Find(t.Context(), r)
	if err != nil || d.Mode != redisconn.Replicated || len(d.Instances()) != 2 {
		t.Fatalf("%+v, %v", d, err)
	}
	if node, why := d.Shards[0].Choose(redisconn.PreferReplica); node.Pod.Name != "r-1" {
		t.Errorf("chose %s (%s)", node.Name(), why)
	}
}

// TestSeveralDeploymentsAreListed: a replica set is one of them, not two.
func TestSeveralDeploymentsAreListed(t *testing.T) {
	primary := redistest.Start(t)
	_, err := Find(t.Context(), several(t, "", nil, primary, redistest.StartReplica(t, primary), redistest.Start(t)))
	if err == nil || !strings.Contains(err.Error(), "2 of them") || !strings.Contains(err.Error(), "kubectl redismem -n prod pod/r-0") ||
		!strings.Contains(err.Error(), "replicated of 2 nodes") || !strings.Contains(err.Error(), "r-2 --port") {
		t.Errorf("%v", err)
	}
}

// TestShardIsFoundAgainAfterAFailover: with its primary dead, the shard is where
// its replica has taken over.
func TestShardIsFoundAgainAfterAFailover(t *testing.T) {
	c := redistest.StartCluster(t, 3, 1)
	r := several(t, "", nil, c.All()...)
	d, err := Find(t.Context(), r)
	if err != nil || len(d.Shards) != 3 {
		t.Fatalf("%+v, %v", d, err)
	}
	c.Primaries[1].Stop()
	s, err := Again(t.Context(), r, d, 1)
	if err != nil || s.Name() != d.Shards[1].Name() || len(s.Nodes) != 1 || s.Nodes[0].Port != c.Replicas[1][0].Port || len(s.Absent) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	c.Replicas[1][0].Stop()
	if s, err := Again(t.Context(), r, d, 1); err == nil || !strings.Contains(err.Error(), "no pod answers as the ") {
		t.Errorf("%+v, %v", s, err)
	}
}
