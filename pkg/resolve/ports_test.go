package resolve_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

func TestParsePortRef(t *testing.T) {
	for _, tc := range []struct {
		addr, want, err string
	}{
		{addr: "pod/redis-0:6379", want: "pod/redis-0:6379"},
		{addr: "redis-0:6379", want: "pod/redis-0:6379"},
		{addr: "po/redis-0:redis", want: "pod/redis-0:redis"},
		{addr: "svc/web:http", want: "svc/web:http"},
		{addr: "services/web:80", want: "svc/web:80"},
		{addr: "web.0:65535", want: "pod/web.0:65535"},
		{addr: "web:http-8080", want: "pod/web:http-8080"},
		{addr: "web", err: "want pod/NAME:PORT"},
		{addr: "pod/web:", err: `"" is no port`},
		{addr: "pod/:80", err: "want POD or TYPE/NAME"},
		{addr: ":80", err: "want POD or TYPE/NAME"},
		{addr: "web:0", err: "not between 1 and 65535"},
		{addr: "web:65536", err: "not between 1 and 65535"},
		{addr: "web:999999999999999999999", err: "not between 1 and 65535"},
		{addr: "web:80/tcp", err: "no port"},
		{addr: "deploy/web:80", err: "deployment has no ports of its own"},
		{addr: "node/web:80", err: "does not stand for pods"},
		{addr: "http://web:80", err: "want POD or TYPE/NAME"},
	} {
		ref, err := resolve.ParsePortRef(tc.addr)
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) || !strings.Contains(err.Error(), tc.addr) {
				t.Errorf("ParsePortRef(%q) = %v, %v; want an error with %q", tc.addr, ref, err, tc.err)
			}
			continue
		}
		if err != nil || ref.String() != tc.want {
			t.Errorf("ParsePortRef(%q) = %v, %v; want %s", tc.addr, ref, err, tc.want)
		}
	}
}

// portPod has named ports in its container, in a sidecar, and in an init
// container that is long gone.
func portPod(name string, number int32) *corev1.Pod {
	always := corev1.ContainerRestartPolicyAlways
	p := kubetest.Pod("prod", name)
	p.UID = types.UID("uid-" + name)
	p.Labels = map[string]string{"app": "web"}
	p.Spec.Containers[0].Ports = []corev1.ContainerPort{
		{Name: "http", ContainerPort: number}, {ContainerPort: 9000}, {Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP},
	}
	p.Spec.InitContainers = []corev1.Container{
		{Name: "setup", Ports: []corev1.ContainerPort{{Name: "gone", ContainerPort: 1}}},
		{Name: "proxy", RestartPolicy: &always, Ports: []corev1.ContainerPort{{Name: "metrics", ContainerPort: 15020}}},
	}
	return p
}

func service(name string, change func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: name},
		Spec: corev1.ServiceSpec{
			ClusterIP: "10.96.0.1", Selector: map[string]string{"app": "web"},
			Ports: []corev1.ServicePort{
				{Name: "http", Port: 80, TargetPort: intstr.FromString("http")},
				{Name: "metrics", Port: 81, TargetPort: intstr.FromInt32(15020)},
				{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP},
			},
		},
	}
	if change != nil {
		change(s)
	}
	return s
}

func slice(svc, name string, httpPort int32, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	http, metrics, metricsPort := "http", "metrics", int32(15020)
	return &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: "prod", Name: svc + "-" + name, Labels: map[string]string{discoveryv1.LabelServiceName: svc}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   endpoints,
		Ports:       []discoveryv1.EndpointPort{{Name: &http, Port: &httpPort}, {Name: &metrics, Port: &metricsPort}},
	}
}

func endpoint(pod string, ready bool) discoveryv1.Endpoint {
	return discoveryv1.Endpoint{
		Addresses:  []string{"10.0.0.1"},
		Conditions: discoveryv1.EndpointConditions{Ready: &ready},
		TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: "prod", Name: pod, UID: types.UID("uid-" + pod)},
	}
}

func portCluster(t *testing.T) (*kubetest.Server, kubernetes.Interface) {
	t.Helper()
	s := kubetest.Start(t, kubetest.Options{})
	pending := portPod("pending", 8080)
	pending.Status.Phase = corev1.PodPending
	done := portPod("done", 8080)
	done.Status.Phase = corev1.PodSucceeded
	unready := portPod("web-0", 8080)
	unready.Status.Conditions[0].Status = corev1.ConditionFalse
	bare := kubetest.Pod("prod", "bare")
	s.Put(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "prod"}},
		pending, done, unready, bare, portPod("web-1", 8081), portPod("web-2", 8080))
	for _, svc := range []*corev1.Service{
		service("web", nil),
		service("headless", func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone }),
		service("external", func(s *corev1.Service) {
			s.Spec.Type, s.Spec.ExternalName = corev1.ServiceTypeExternalName, "db.example.test"
		}),
		service("elsewhere", func(s *corev1.Service) { s.Spec.Selector = nil }),
		service("nothing", func(s *corev1.Service) { s.Spec.Selector = nil }),
		service("down", func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "down"} }),
	} {
		s.Put(svc)
	}
	bareEndpoint := endpoint("", true)
	bareEndpoint.TargetRef = nil
	s.Put(
		slice("web", "a", 8080, endpoint("web-2", true), endpoint("web-0", false)),
		slice("web", "b", 8081, endpoint("web-1", true)),
		slice("headless", "a", 8080, endpoint("web-2", true)),
		slice("elsewhere", "a", 5432, bareEndpoint),
		slice("down", "a", 8080, endpoint("web-0", false)),
	)
	client, err := kubernetes.NewForConfig(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

var portCases = []struct {
	addr, want, err, hint string
	slicesOnly            bool // the answer needs EndpointSlices
}{
	{addr: "pod/web-1:1234", want: "web-1:1234"},
	{addr: "pod/web-1:http", want: "web-1:8081"},
	{addr: "pod/web-1:metrics", want: "web-1:15020"},
	{addr: "pod/web-1:gone", err: `no TCP port named "gone"`, hint: "http (8081), 9000, metrics (15020)"},
	{addr: "pod/web-1:dns", err: `no TCP port named "dns"`, hint: "http (8081)"},
	{addr: "pod/bare:http", err: "no TCP port named", hint: "declare no ports"},
	{addr: "pod/pending:80", err: "the pod is Pending", hint: "kubectl describe pod pending -n prod"},
	{addr: "pod/done:http", err: "the pod is Succeeded", hint: "kubectl describe pod done"},
	{addr: "pod/web:80", err: `pod "web" not found`, hint: "did you mean web-0"},
	{addr: "svc/web:80", want: "web-1:8081"},
	{addr: "svc/web:http", want: "web-1:8081"},
	{addr: "svc/web:81", want: "web-1:15020"},
	{addr: "svc/web:82", err: `no TCP port "82"`, hint: "http 80, metrics 81"},
	{addr: "svc/web:53", err: `no TCP port "53"`, hint: "http 80"},
	{addr: "svc/headless:http", want: "web-2:8080", slicesOnly: true},
	{addr: "svc/headless:80", want: "web-2:8080", slicesOnly: true},
	{addr: "svc/headless:6379", want: "web-2:6379", slicesOnly: true},
	{addr: "svc/headless:nope", err: `no TCP port "nope"`, hint: "http 80"},
	{addr: "svc/external:80", err: `leads out of the cluster, to "db.example.test"`, hint: "directly"},
	{addr: "svc/elsewhere:http", err: "addresses that are not pods", hint: "kubectl get endpointslices", slicesOnly: true},
	{addr: "svc/nothing:http", err: "no selector and no endpoints", hint: "pod/NAME:PORT"},
	{addr: "svc/down:http", err: "no ready pod (1 not ready)", hint: "kubectl get pods -n prod -l app=down", slicesOnly: true},
	{addr: "svc/missing:80", err: `service "missing" not found`, hint: "kubectl get services -n prod"},
}

func TestPort(t *testing.T) {
	s, client := portCluster(t)
	for _, tc := range portCases {
		t.Run(tc.addr, func(t *testing.T) { checkPort(t, client, tc.addr, tc.want, tc.err, tc.hint) })
	}
	s.Deny(kubetest.Rule{Verb: "list", Resource: "endpointslices"})
	for _, tc := range portCases {
		if !tc.slicesOnly {
			t.Run("without slices "+tc.addr, func(t *testing.T) { checkPort(t, client, tc.addr, tc.want, tc.err, tc.hint) })
		}
	}
	t.Run("nothing ready without slices", func(t *testing.T) {
		checkPort(t, client, "svc/down:http", "", "no ready pod", "kubectl get pods -n prod -l app=down")
	})
	s.Deny(kubetest.Rule{Verb: "list", Resource: "pods"})
	t.Run("nor pods", func(t *testing.T) {
		checkPort(t, client, "svc/web:80", "", "forbidden", "kubectl auth can-i list pods -n prod")
	})
	s.Deny(kubetest.Rule{Verb: "get"})
	t.Run("nor anything", func(t *testing.T) {
		checkPort(t, client, "svc/web:80", "", "forbidden", "kubectl auth can-i get services -n prod")
		checkPort(t, client, "pod/web-1:http", "", "forbidden", "kubectl auth can-i get pods -n prod")
	})
}

func checkPort(t *testing.T, client kubernetes.Interface, addr, want, wantErr, wantHint string) {
	t.Helper()
	ref, err := resolve.ParsePortRef(addr)
	if err != nil {
		t.Fatal(err)
	}
	got, err := resolve.Port(context.Background(), client, "prod", ref)
	if wantErr != "" {
		if err == nil || !strings.Contains(err.Error(), wantErr) || !strings.Contains(hint.Of(err), wantHint) {
			t.Errorf("Port(%s) = %v, error %v, hint %q\nwant error %q, hint %q", addr, got, err, hint.Of(err), wantErr, wantHint)
		}
		return
	}
	if err != nil {
		t.Fatalf("Port(%s): %v", addr, err)
	}
	wantRef, err := resolve.ParsePortRef(want)
	if err != nil {
		t.Fatal(err)
	}
	name := wantRef.Name
	if diff := cmp.Diff(resolve.Backend{Namespace: "prod", Pod: name, UID: types.UID("uid-" + name), Port: wantRef.Number()}, got); diff != "" {
		t.Errorf("Port(%s) (-want +got):\n%s", addr, diff)
	}
}
