package resolve

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// PortRef names a port of a pod or of a service: pod/redis-0:6379, svc/web:http.
type PortRef struct {
	Kind Kind   // Pod or Service
	Name string // of the pod or service
	Port string // a number from 1 to 65535, or a port's name
}

func (r PortRef) String() string {
	kind := string(r.Kind)
	if r.Kind == Service {
		kind = "svc"
	}
	return kind + "/" + r.Name + ":" + r.Port
}

// Number is the port if it is given as a number, else 0.
func (r PortRef) Number() int32 {
	n, err := strconv.ParseUint(r.Port, 10, 16)
	if err != nil {
		return 0
	}
	return int32(n)
}

// ParsePortRef reads pod/NAME:PORT, svc/NAME:PORT or NAME:PORT, which means a pod.
// The type may be in any form that kubectl knows: pods, po, service, services.
func ParsePortRef(addr string) (PortRef, error) {
	fail := func(why string) (PortRef, error) {
		return PortRef{}, fmt.Errorf("reading address %q: %s", addr, why)
	}
	colon := strings.LastIndexByte(addr, ':')
	if colon < 0 {
		return fail("want pod/NAME:PORT or svc/NAME:PORT")
	}
	named, port := addr[:colon], addr[colon+1:]
	target, err := ParseRef(named)
	if err != nil {
		return PortRef{}, fmt.Errorf("reading address %q: %w", addr, err)
	}
	if target.Kind != Pod && target.Kind != Service {
		return fail(fmt.Sprintf("a %s has no ports of its own, want pod/NAME:PORT or svc/NAME:PORT", target.Kind))
	}
	ref := PortRef{Kind: target.Kind, Name: target.Name, Port: port}
	switch isNumber := port != "" && strings.Trim(port, "0123456789") == ""; {
	case port == "" || strings.ContainsAny(port, " \t\n/"):
		return fail(fmt.Sprintf("%q is no port", port))
	case isNumber && ref.Number() == 0:
		return fail(fmt.Sprintf("port %s is not between 1 and 65535", port))
	}
	return ref, nil
}

// Backend is where a [PortRef] leads at one moment: a pod and a port that its
// containers see. UID is the pod's, so that a later step can tell it from a new
// pod of the same name.
type Backend struct {
	Namespace, Pod string
	UID            types.UID
	Port           int32
}

// Port finds the pod and the container port that ref means now. A pod costs one
// GET. A service costs a GET of the service and a LIST of its EndpointSlices, and
// the first ready pod in the order of names is taken, so that repeated calls agree
// for as long as that pod stays ready. A caller who may not read EndpointSlices
// gets the same from the service's selector and the pods' readiness.
//
// A pod that is not running, an unknown port name, a service without a ready pod
// and one that leads out of the cluster are errors with a hint.
func Port(ctx context.Context, client Client, namespace string, ref PortRef) (Backend, error) {
	r := &resolver{client: client}
	if ref.Kind == Service {
		return r.servicePort(ctx, namespace, ref)
	}
	pod, err := client.CoreV1().Pods(namespace).Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return Backend{}, r.noPod(ctx, namespace, ref.Name)
	}
	if err != nil {
		return Backend{}, r.explain(fmt.Errorf("getting pod %q: %w", ref.Name, err), "get pods", namespace)
	}
	return r.podPort(pod, ref.Port)
}

// PodPort finds port, a number or a name, in pod. A number is taken as it is:
// containers need not declare what they listen on.
func PodPort(pod *corev1.Pod, port string) (Backend, error) {
	return (&resolver{}).podPort(pod, port)
}

func (r *resolver) podPort(pod *corev1.Pod, port string) (Backend, error) {
	if pod.Status.Phase != corev1.PodRunning {
		err := fmt.Errorf("cannot reach a port of pod %q: the pod is %s", pod.Name, withReason(string(pod.Status.Phase), unscheduled(pod)))
		return Backend{}, hint.With(err, seeWhy(r.kubectl("describe", "pod", pod.Name, "-n", pod.Namespace)))
	}
	b := Backend{Namespace: pod.Namespace, Pod: pod.Name, UID: pod.UID, Port: PortRef{Port: port}.Number()}
	if b.Port != 0 {
		return b, nil
	}
	declared := podPorts(pod)
	i := slices.IndexFunc(declared, func(p corev1.ContainerPort) bool { return p.Name == port && isTCP(p.Protocol) })
	if i < 0 {
		err := fmt.Errorf("pod %q has no TCP port named %q", pod.Name, port)
		return Backend{}, hint.With(err, PortsHint(pod))
	}
	b.Port = declared[i].ContainerPort
	return b, nil
}

// PortsHint lists the ports that pod declares, as a hint for who asked for
// another one.
func PortsHint(pod *corev1.Pod) string {
	var names []string
	for _, p := range podPorts(pod) {
		if !isTCP(p.Protocol) {
			continue
		}
		name := strconv.Itoa(int(p.ContainerPort))
		if p.Name != "" {
			name = p.Name + " (" + name + ")"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "its containers declare no ports: give the number that the program listens on"
	}
	return "its ports are: " + strings.Join(names, ", ")
}

// podPorts are the ports of all containers that run beside each other: the main
// ones and the init containers that stay, known as sidecars.
func podPorts(pod *corev1.Pod) []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for i := range pod.Spec.Containers {
		ports = append(ports, pod.Spec.Containers[i].Ports...)
	}
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			ports = append(ports, c.Ports...)
		}
	}
	return ports
}

func isTCP(p corev1.Protocol) bool { return p == "" || p == corev1.ProtocolTCP }
