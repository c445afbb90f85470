package resolve

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
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

// eachPod visits the pods of a namespace ("" for all namespaces) that match. Pages
// are forgotten as soon as they are visited: a big namespace is many megabytes.
// Reset says that the listing starts over.
func (r *resolver) eachPod(ctx context.Context, ns string, l labels.Selector, f fields.Selector, visit func(*corev1.Pod), reset func()) error {
	err := paged(listOptions(l, f), func(o metav1.ListOptions) (string, error) {
		page, err := r.client.CoreV1().Pods(ns).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			visit(&page.Items[i])
		}
		return page.Continue, nil
	}, reset)
	if err != nil {
		return r.explain(fmt.Errorf("listing pods%s: %w", in(ns), err), "list pods", ns)
	}
	return nil
}

// rows lists the pods that match l and the query, of those that c claims (nil: of
// all). N counts all of the latter that the server sent.
func (r *resolver) rows(ctx context.Context, ns string, l labels.Selector, c *claim) (rows []row, n int, err error) {
	err = r.eachPod(ctx, ns, l, r.q.listFields(), func(pod *corev1.Pod) {
		if c != nil && !c.holds(pod) {
			return
		}
		n++
		if one, ok := r.row(pod, false); ok {
			rows = append(rows, one)
		}
	}, func() { rows, n = nil, 0 })
	return rows, n, err
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
