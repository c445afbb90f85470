package locate

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// search is one run of [All].
type search struct {
	client Client
	q      Query

	namespaces   map[string]*surroundings
	refused      map[string]bool // resources that the user may not list
	firstRefusal error
	unread       []string

	addresses    []string // of nodes
	addressesErr string
	askedNodes   bool
}

// namespace is where to look, "" for everywhere.
func (s *search) namespace() string {
	if s.q.AllNamespaces && s.q.Ref == nil {
		return ""
	}
	return s.q.Namespace
}

// tolerate notes a refusal and lets the search go on: whoever may read pods alone
// still finds a registry. Other errors end it.
func (s *search) tolerate(err error, resource string) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsForbidden(err):
		err = fmt.Errorf("listing %s: %w", resource, err)
		if s.refused == nil {
			s.refused, s.firstRefusal = map[string]bool{}, hint.With(err, "name the rights that are missing with: kubectl regprune rbac")
		}
		s.refused[resource] = true
		s.unread = append(s.unread, resource+s.in()+" (not allowed)")
		return nil
	}
	return fmt.Errorf("listing %s: %w", resource, err)
}

// why is an error as a few words, for lists of what was not read.
func why(err error) string {
	switch {
	case apierrors.IsForbidden(err):
		return "not allowed"
	case apierrors.IsNotFound(err):
		return "not found"
	}
	return streams.SanitizeLine(err.Error())
}

func (s *search) in() string {
	if s.namespace() == "" {
		return " in all namespaces"
	}
	return fmt.Sprintf(" in namespace %q", s.namespace())
}

// meaning returns what tells a workload that the query means.
func (s *search) meaning(ctx context.Context) (func(*workload) bool, error) {
	ref := s.q.Ref
	switch {
	case ref == nil:
		return func(w *workload) bool {
			_, v := best(w)
			return v.score >= good || v.product.refusal() != nil
		}, nil
	case ref.Kind == resolve.Service:
		return s.behind(ctx, ref.Name)
	case ref.Kind == resolve.Pod, ref.Kind == resolve.ReplicaSet:
		return s.controlling(ctx, *ref)
	}
	return func(w *workload) bool { return w.ref == *ref }, nil
}

// behind means the workloads whose pods a service selects.
func (s *search) behind(ctx context.Context, name string) (func(*workload) bool, error) {
	service, err := s.client.CoreV1().Services(s.q.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("getting service %q in namespace %q: %w", name, s.q.Namespace, err)
	}
	if service.Spec.Type == corev1.ServiceTypeExternalName || len(service.Spec.Selector) == 0 {
		return nil, hint.With(fmt.Errorf("service %q in namespace %q selects no pods", name, s.q.Namespace),
			"give the registry's own address: --registry http://HOST:PORT")
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	return func(w *workload) bool { return selector.Matches(labels.Set(w.labels)) }, nil
}

// controlling means what controls a pod or a replica set.
func (s *search) controlling(ctx context.Context, ref resolve.Ref) (func(*workload) bool, error) {
	meant := ref
	switch ref.Kind {
	case resolve.Pod:
		pod, err := s.client.CoreV1().Pods(s.q.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("getting pod %q in namespace %q: %w", ref.Name, s.q.Namespace, err)
		}
		meant = controller(pod)
	default:
		set, err := s.client.AppsV1().ReplicaSets(s.q.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("getting replica set %q in namespace %q: %w", ref.Name, s.q.Namespace, err)
		}
		if owner := metav1.GetControllerOf(set); owner != nil {
			meant = resolve.Ref{Kind: resolve.Kind(strings.ToLower(owner.Kind)), Name: owner.Name}
		}
	}
	return func(w *workload) bool { return w.ref == meant }, nil
}
