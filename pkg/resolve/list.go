package resolve

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// pageSize is how many objects one LIST request asks for, kubectl's own value.
const pageSize = 500

// paged calls list until the last page. A token that expired on the way (HTTP 410
// after some minutes) starts the listing over, once and in one piece; reset tells
// the caller to forget what came before.
func paged(opts metav1.ListOptions, list func(metav1.ListOptions) (next string, err error), reset func()) error {
	opts.Limit = pageSize
	for {
		next, err := list(opts)
		switch {
		case err != nil && opts.Continue != "" && apierrors.IsResourceExpired(err):
			reset()
			opts.Continue, opts.Limit = "", 0
			continue
		case err != nil:
			return err
		case next == "":
			return nil
		}
		opts.Continue = next
	}
}

// pods lists all pods of a namespace ("" for all namespaces) that match.
func (r *resolver) pods(ctx context.Context, namespace string, l labels.Selector, f fields.Selector) ([]corev1.Pod, error) {
	var all []corev1.Pod
	err := paged(listOptions(l, f), func(o metav1.ListOptions) (string, error) {
		page, err := r.client.CoreV1().Pods(namespace).List(ctx, o)
		if err != nil {
			return "", err
		}
		all = append(all, page.Items...)
		return page.Continue, nil
	}, func() { all = nil })
	if err != nil {
		return nil, explain(fmt.Errorf("listing pods%s: %w", in(namespace), err), "list pods", namespace)
	}
	return all, nil
}

func (r *resolver) eachPod(ctx context.Context, namespace string, l labels.Selector, f fields.Selector, visit func(*corev1.Pod)) error {
	pods, err := r.pods(ctx, namespace, l, f)
	for i := range pods {
		visit(&pods[i])
	}
	return err
}

func listOptions(l labels.Selector, f fields.Selector) metav1.ListOptions {
	var o metav1.ListOptions
	if l != nil {
		o.LabelSelector = l.String()
	}
	if f != nil {
		o.FieldSelector = f.String()
	}
	return o
}

func in(namespace string) string {
	if namespace == "" {
		return ""
	}
	return fmt.Sprintf(" in namespace %q", namespace)
}

// explain adds to a refusal the command that checks the missing permission.
func explain(err error, verb, namespace string) error {
	if !apierrors.IsForbidden(err) {
		return err
	}
	where := " -n " + namespace
	if namespace == "" {
		where = " -A"
	}
	return hint.With(err, "check your permission with: kubectl auth can-i "+verb+where)
}
