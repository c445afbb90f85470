package resolve

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

func (r *resolver) servicePort(ctx context.Context, ns string, ref PortRef) (Backend, error) {
	svc, err := r.client.CoreV1().Services(ns).Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return Backend{}, r.noWorkload(ctx, ns, Ref{Service, ref.Name})
	}
	if err != nil {
		return Backend{}, r.explain(fmt.Errorf("getting service %q: %w", ref.Name, err), "get services", ns)
	}
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		err := fmt.Errorf("service %q leads out of the cluster, to %q", svc.Name, svc.Spec.ExternalName)
		return Backend{}, hint.With(err, "connect to that name directly")
	}
	port, err := chooseServicePort(svc, ref)
	if err != nil {
		return Backend{}, err
	}
	list, err := r.endpointSlices(ctx, svc)
	switch {
	case err == nil:
		return r.fromSlices(ctx, svc, port, list)
	case apierrors.IsForbidden(err) || apierrors.IsNotFound(err):
		return r.fromSelector(ctx, svc, port)
	}
	return Backend{}, fmt.Errorf("listing the endpoints of service %q: %w", svc.Name, err)
}

// chooseServicePort finds ref's port in the service's spec. Through a headless
// service, which has no ports of its own, every port of its pods can be reached.
func chooseServicePort(svc *corev1.Service, ref PortRef) (corev1.ServicePort, error) {
	var names []string
	for _, p := range svc.Spec.Ports {
		if !isTCP(p.Protocol) {
			continue
		}
		if p.Port == ref.Number() || p.Name != "" && p.Name == ref.Port {
			return p, nil
		}
		names = append(names, strings.TrimPrefix(fmt.Sprintf("%s %d", p.Name, p.Port), " "))
	}
	if n := ref.Number(); n != 0 && svc.Spec.ClusterIP == corev1.ClusterIPNone {
		return corev1.ServicePort{Name: undeclared, Port: n, TargetPort: intstr.FromInt32(n)}, nil
	}
	hintText := "it has no TCP ports"
	if len(names) > 0 {
		hintText = "its ports are: " + strings.Join(names, ", ")
	}
	return corev1.ServicePort{}, hint.With(fmt.Errorf("service %q has no TCP port %q", svc.Name, ref.Port), hintText)
}

// undeclared is the name of a headless service's port that its spec does not
// list. It is no valid port name and so matches no port of an EndpointSlice.
const undeclared = "-"

func (r *resolver) endpointSlices(ctx context.Context, svc *corev1.Service) ([]discoveryv1.EndpointSlice, error) {
	var all []discoveryv1.EndpointSlice
	opts := metav1.ListOptions{LabelSelector: labels.Set{discoveryv1.LabelServiceName: svc.Name}.String()}
	err := paged(opts, func(o metav1.ListOptions) (string, error) {
		page, err := r.client.DiscoveryV1().EndpointSlices(svc.Namespace).List(ctx, o)
		if err != nil {
			return "", err
		}
		all = append(all, page.Items...)
		return page.Continue, nil
	}, func() { all = nil })
	return all, err
}

func (r *resolver) fromSlices(ctx context.Context, svc *corev1.Service, port corev1.ServicePort, list []discoveryv1.EndpointSlice) (Backend, error) {
	ready, tally := readyBackends(svc, port, list)
	if len(ready) == 0 {
		return Backend{}, r.noReady(svc, tally)
	}
	if ready[0].Port != 0 {
		return ready[0], nil
	}
	// The slice does not say the number: only the pod itself knows its named port.
	return Port(ctx, r.client, svc.Namespace, PortRef{Kind: Pod, Name: ready[0].Pod, Port: port.TargetPort.String()})
}

// tally counts the endpoints that could not be taken.
type tally struct {
	notReady, notPods int
}

// readyBackends are the pods that serve port now, in the order of their names. A
// backend's Port is 0 if the slices leave it open and the service names it.
func readyBackends(svc *corev1.Service, port corev1.ServicePort, list []discoveryv1.EndpointSlice) (ready []Backend, t tally) {
	for i := range list {
		number, serves := slicePort(port, &list[i])
		if !serves {
			continue
		}
		for _, e := range list[i].Endpoints {
			switch {
			case e.TargetRef == nil || e.TargetRef.Kind != "Pod":
				t.notPods++
			case e.Conditions.Ready != nil && !*e.Conditions.Ready:
				t.notReady++
			default:
				ready = append(ready, Backend{Namespace: svc.Namespace, Pod: e.TargetRef.Name, UID: e.TargetRef.UID, Port: number})
			}
		}
	}
	slices.SortFunc(ready, func(a, b Backend) int { return cmp.Compare(a.Pod, b.Pod) })
	return ready, t
}

// slicePort is the number under which a slice's endpoints serve port: pods of one
// service may give the same name to different numbers, and are then in different
// slices. A slice that lists no port of this name serves it only if nobody
// declared the port.
func slicePort(port corev1.ServicePort, slice *discoveryv1.EndpointSlice) (number int32, serves bool) {
	for _, p := range slice.Ports {
		if p.Name != nil && *p.Name != port.Name || p.Name == nil && port.Name != "" {
			continue
		}
		if p.Port != nil {
			return *p.Port, true
		}
		return port.TargetPort.IntVal, true
	}
	return port.TargetPort.IntVal, port.Name == undeclared
}

func (r *resolver) noReady(svc *corev1.Service, t tally) error {
	if t.notPods > 0 && t.notReady == 0 {
		err := fmt.Errorf("service %q leads to addresses that are not pods", svc.Name)
		return hint.With(err, "connect to those directly, see: "+r.kubectl("get", "endpointslices", "-n", svc.Namespace, "-l", discoveryv1.LabelServiceName+"="+svc.Name))
	}
	if len(svc.Spec.Selector) == 0 && t.notReady == 0 {
		err := fmt.Errorf("service %q has no selector and no endpoints", svc.Name)
		return hint.With(err, "name a pod instead: pod/NAME:PORT")
	}
	err := fmt.Errorf("service %q has no ready pod", svc.Name)
	if t.notReady > 0 {
		err = fmt.Errorf("service %q has no ready pod (%d not ready)", svc.Name, t.notReady)
	}
	if len(svc.Spec.Selector) == 0 {
		return err
	}
	return hint.With(err, "see its pods with: "+r.kubectl("get", "pods", "-n", svc.Namespace, "-l", labels.FormatLabels(svc.Spec.Selector)))
}

// fromSelector does what the endpoint controller does, for users who may list
// pods but not EndpointSlices.
func (r *resolver) fromSelector(ctx context.Context, svc *corev1.Service, port corev1.ServicePort) (Backend, error) {
	if len(svc.Spec.Selector) == 0 {
		return Backend{}, r.noReady(svc, tally{})
	}
	var pods []corev1.Pod
	err := r.eachPod(ctx, svc.Namespace, labels.SelectorFromSet(svc.Spec.Selector), nil,
		func(pod *corev1.Pod) { pods = append(pods, *pod) }, func() { pods = nil })
	if err != nil {
		return Backend{}, err
	}
	slices.SortFunc(pods, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	var t tally
	for i := range pods {
		if podReady(&pods[i]) || svc.Spec.PublishNotReadyAddresses && pods[i].Status.Phase == corev1.PodRunning {
			return r.podPort(&pods[i], targetPort(port))
		}
		t.notReady++
	}
	return Backend{}, r.noReady(svc, t)
}

func podReady(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodRunning {
		return false
	}
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// targetPort is the pods' port behind a service's port; unset means the same.
func targetPort(p corev1.ServicePort) string {
	if p.TargetPort.Type == intstr.Int && p.TargetPort.IntVal == 0 {
		return strconv.Itoa(int(p.Port))
	}
	return p.TargetPort.String()
}
