package podconn_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func webService() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"},
		Spec:       corev1.ServiceSpec{ClusterIP: "10.96.0.1", Ports: []corev1.ServicePort{{Port: 80}}},
	}
}

// webEndpoints says that port 80 of service web is port 80 of pod.
func webEndpoints(pod string) *discoveryv1.EndpointSlice {
	name, port, ready := "", int32(80), true
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: "web-abc", Labels: map[string]string{discoveryv1.LabelServiceName: "web"},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: &name, Port: &port}},
		Endpoints: []discoveryv1.Endpoint{{
			Addresses:  []string{"10.0.0.1"},
			Conditions: discoveryv1.EndpointConditions{Ready: &ready},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: "default", Name: pod},
		}},
	}
}

// TestPodReplaced dials a pod again after another one has taken its name, and a
// service after its pod has gone.
func TestPodReplaced(t *testing.T) {
	each(t, func(t *testing.T, s *kubetest.Server) {
		say := func(who string) func(net.Conn) {
			return func(c net.Conn) { io.WriteString(c, who); io.Copy(io.Discard, c) }
		}
		old, new := listen(t, s, say("old")), listen(t, s, say("new"))
		d := dialer(t, s)
		ask := func(addr string) string {
			c, err := d.DialContext(within(t, 10*time.Second), "tcp", addr)
			if err != nil {
				return err.Error()
			}
			defer c.Close()
			got := make([]byte, 3)
			io.ReadFull(c, got)
			return string(got)
		}
		s.Forward("default/web-0", 80, fmt.Sprintf("127.0.0.1:%d", old))
		s.Put(webService(), webEndpoints("web-0"))
		if p, svc := ask("pod/web-0:80"), ask("svc/web:80"); p != "old" || svc != "old" {
			t.Fatalf("pod %s, service %s; want old", p, svc)
		}
		s.Delete(kubetest.Pod("default", "web-0"))
		if got := ask("pod/web-0:80"); !strings.Contains(got, `pod "web-0" not found`) {
			t.Errorf("dial to a deleted pod: %s", got)
		}
		s.Put(kubetest.Pod("default", "web-0"), kubetest.Pod("default", "web-1"), webEndpoints("web-1"))
		for _, pod := range []string{"default/web-0", "default/web-1"} {
			s.Forward(pod, 80, fmt.Sprintf("127.0.0.1:%d", new))
		}
		if p, svc := ask("pod/web-0:80"), ask("svc/web:80"); p != "new" || svc != "new" {
			t.Errorf("pod %s, service %s; want new", p, svc)
		}
	})
}
