package locate

import (
	"cmp"
	"context"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// workload is whatever has a template for pods, or a pod that nothing known controls.
type workload struct {
	namespace string
	ref       resolve.Ref
	own       map[string]string // its labels
	labels    map[string]string // its pods' labels
	replicas  int32
	strategy  string
	spec      corev1.PodSpec
	claims    []corev1.PersistentVolumeClaim // templates of a stateful set
	pods      []corev1.Pod
}

func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

func ofDeployment(o *appsv1.Deployment) *workload {
	return &workload{namespace: o.Namespace, ref: resolve.Ref{Kind: resolve.Deployment, Name: o.Name}, own: o.Labels,
		labels: o.Spec.Template.Labels, replicas: replicas(o.Spec.Replicas), spec: o.Spec.Template.Spec,
		strategy: cmp.Or(string(o.Spec.Strategy.Type), string(appsv1.RollingUpdateDeploymentStrategyType))}
}

func ofStatefulSet(o *appsv1.StatefulSet) *workload {
	return &workload{namespace: o.Namespace, ref: resolve.Ref{Kind: resolve.StatefulSet, Name: o.Name}, own: o.Labels,
		labels: o.Spec.Template.Labels, replicas: replicas(o.Spec.Replicas), spec: o.Spec.Template.Spec, claims: o.Spec.VolumeClaimTemplates,
		strategy: cmp.Or(string(o.Spec.UpdateStrategy.Type), string(appsv1.RollingUpdateStatefulSetStrategyType))}
}

func ofDaemonSet(o *appsv1.DaemonSet) *workload {
	return &workload{namespace: o.Namespace, ref: resolve.Ref{Kind: resolve.DaemonSet, Name: o.Name}, own: o.Labels,
		labels: o.Spec.Template.Labels, replicas: o.Status.DesiredNumberScheduled, spec: o.Spec.Template.Spec,
		strategy: cmp.Or(string(o.Spec.UpdateStrategy.Type), string(appsv1.RollingUpdateDaemonSetStrategyType))}
}

func ofController(o *corev1.ReplicationController) *workload {
	w := &workload{namespace: o.Namespace, ref: resolve.Ref{Kind: resolve.ReplicationController, Name: o.Name}, own: o.Labels, replicas: replicas(o.Spec.Replicas)}
	if o.Spec.Template != nil {
		w.labels, w.spec = o.Spec.Template.Labels, o.Spec.Template.Spec
	}
	return w
}

// ofPod is what controls pod, as far as the pod itself tells, with the pod's own
// specification.
func ofPod(pod *corev1.Pod) *workload {
	return &workload{namespace: pod.Namespace, ref: controller(pod), own: pod.Labels, labels: pod.Labels, replicas: 1, spec: pod.Spec}
}

// controller names what controls pod: a deployment by its replica set's name, which
// ends in the hash that the pod carries.
func controller(pod *corev1.Pod) resolve.Ref {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind == "Node" {
		return resolve.Ref{Kind: resolve.Pod, Name: pod.Name}
	}
	if name, ok := strings.CutSuffix(owner.Name, "-"+pod.Labels["pod-template-hash"]); ok && owner.Kind == "ReplicaSet" {
		return resolve.Ref{Kind: resolve.Deployment, Name: name}
	}
	return resolve.Ref{Kind: resolve.Kind(strings.ToLower(owner.Kind)), Name: owner.Name}
}

// workloads lists those that the query means, with their pods.
func (s *search) workloads(ctx context.Context) ([]*workload, error) {
	means, err := s.meaning(ctx)
	if err != nil {
		return nil, err
	}
	var all []*workload
	listed := map[resolve.Kind]bool{}
	for _, kind := range []resolve.Kind{resolve.Deployment, resolve.StatefulSet, resolve.DaemonSet, resolve.ReplicationController} {
		found, err := s.ofKind(ctx, kind, means)
		if err = s.tolerate(err, string(kind)+"s"); err != nil {
			return nil, err
		}
		listed[kind] = !s.refused[string(kind)+"s"]
		all = append(all, found...)
	}
	all, err = s.withPods(ctx, all, listed, means)
	if err = s.tolerate(err, "pods"); err != nil {
		return nil, err
	}
	if len(s.refused) == len(listed)+1 {
		return nil, s.firstRefusal
	}
	slices.SortFunc(all, func(a, b *workload) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.ref.Kind, b.ref.Kind), cmp.Compare(a.ref.Name, b.ref.Name))
	})
	return all, nil
}

// ofKind lists the workloads of a kind that are meant.
func (s *search) ofKind(ctx context.Context, kind resolve.Kind, means func(*workload) bool) ([]*workload, error) {
	var out []*workload
	ns := s.namespace()
	err := pages(func(o metav1.ListOptions) (string, error) {
		page, next, err := s.page(ctx, kind, ns, o)
		for _, w := range page {
			if means(w) {
				out = append(out, w)
			}
		}
		return next, err
	}, func() { out = nil })
	return out, err
}

func (s *search) page(ctx context.Context, kind resolve.Kind, ns string, o metav1.ListOptions) ([]*workload, string, error) {
	switch kind {
	case resolve.Deployment:
		l, err := s.client.AppsV1().Deployments(ns).List(ctx, o)
		return convert(l, err, func() []appsv1.Deployment { return l.Items }, ofDeployment)
	case resolve.StatefulSet:
		l, err := s.client.AppsV1().StatefulSets(ns).List(ctx, o)
		return convert(l, err, func() []appsv1.StatefulSet { return l.Items }, ofStatefulSet)
	case resolve.DaemonSet:
		l, err := s.client.AppsV1().DaemonSets(ns).List(ctx, o)
		return convert(l, err, func() []appsv1.DaemonSet { return l.Items }, ofDaemonSet)
	}
	l, err := s.client.CoreV1().ReplicationControllers(ns).List(ctx, o)
	return convert(l, err, func() []corev1.ReplicationController { return l.Items }, ofController)
}

// convert turns a page of objects into workloads.
func convert[T any](list metav1.ListInterface, err error, items func() []T, of func(*T) *workload) ([]*workload, string, error) {
	if err != nil {
		return nil, "", err
	}
	var out []*workload
	all := items()
	for i := range all {
		out = append(out, of(&all[i]))
	}
	return out, list.GetContinue(), nil
}

// withPods adds their pods to the workloads, and a workload for each that has pods but
// was not listed: bare pods, and those of kinds that are not built in.
func (s *search) withPods(ctx context.Context, all []*workload, listed map[resolve.Kind]bool, means func(*workload) bool) ([]*workload, error) {
	type key struct {
		namespace string
		ref       resolve.Ref
	}
	known := map[key]*workload{}
	for _, w := range all {
		known[key{w.namespace, w.ref}] = w
	}
	ns := s.namespace()
	err := pages(func(o metav1.ListOptions) (string, error) {
		page, err := s.client.CoreV1().Pods(ns).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			pod := &page.Items[i]
			k := key{pod.Namespace, controller(pod)}
			if k.ref.Kind == resolve.Job || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
				continue // has served its time
			}
			if w := ofPod(pod); known[k] == nil && !listed[k.ref.Kind] && means(w) {
				known[k], all = w, append(all, w)
			}
			if w := known[k]; w != nil {
				w.pods = append(w.pods, *pod)
			}
		}
		return page.Continue, nil
	}, func() {
		for _, w := range all {
			w.pods = nil
		}
	})
	for _, w := range all {
		if !listed[w.ref.Kind] { // nobody said how many there should be
			w.replicas = int32(len(w.pods)) // a namespace has no billions of pods
		}
	}
	return all, err
}

// pageSize is how many objects one LIST request asks for, kubectl's own value.
const pageSize = 500

// pages calls list until the last page. When the token of a page has expired it starts
// over, in one piece, and reset forgets what came before.
func pages(list func(metav1.ListOptions) (next string, err error), reset func()) error {
	for o := (metav1.ListOptions{Limit: pageSize}); ; {
		next, err := list(o)
		switch {
		case err != nil && o.Continue != "" && apierrors.IsResourceExpired(err):
			reset()
			o = metav1.ListOptions{}
			continue
		case err != nil || next == "":
			return err
		}
		o.Continue = next
	}
}
