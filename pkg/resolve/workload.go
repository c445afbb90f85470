package resolve

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// claim is how a workload recognises its pods: they match the selector and, if
// owners is not nil, are controlled by one of the owners. The selector alone is
// not enough: two workloads whose selectors overlap would share their pods.
type claim struct {
	selector labels.Selector
	owners   map[types.UID]bool
}

func (c claim) holds(o metav1.Object) bool {
	if c.owners == nil {
		return true
	}
	owner := metav1.GetControllerOf(o)
	return owner != nil && c.owners[owner.UID]
}

// jobPods selects the pods of every Job; ownership then picks the right ones.
const jobPods = "job-name"

func (r *resolver) workload(ctx context.Context, ns string, ref Ref) error {
	c, err := r.claim(ctx, ns, ref)
	var done explained
	switch {
	case errors.As(err, &done):
		return done.error
	case apierrors.IsNotFound(err):
		return r.noWorkload(ctx, ns, ref)
	case err != nil:
		return r.explain(fmt.Errorf("getting %s: %w", ref, err), fmt.Sprintf("get %ss", ref.Kind), ns)
	}
	rows, n, err := r.rows(ctx, ns, c.selector, &c)
	if err != nil {
		return err
	}
	if n == 0 && len(r.q.Nodes) != 1 {
		return hint.With(missing(fmt.Sprintf("%s%s has no pods", ref, in(ns))),
			seeWhy(r.kubectl("describe", string(ref.Kind), ref.Name, "-n", ns)))
	}
	for i := range rows {
		r.add(&rows[i])
	}
	return nil
}

// explained is an error of a step after the workload itself was read, with its own
// words and hint.
type explained struct{ error }

func (e explained) Unwrap() error { return e.error }

func (r *resolver) claim(ctx context.Context, ns string, ref Ref) (claim, error) {
	get := metav1.GetOptions{}
	switch ref.Kind {
	case Deployment:
		return r.deployment(ctx, ns, ref.Name)
	case ReplicaSet:
		o, err := r.client.AppsV1().ReplicaSets(ns).Get(ctx, ref.Name, get)
		return owned(o, o.Spec.Selector, err)
	case StatefulSet:
		o, err := r.client.AppsV1().StatefulSets(ns).Get(ctx, ref.Name, get)
		return owned(o, o.Spec.Selector, err)
	case DaemonSet:
		o, err := r.client.AppsV1().DaemonSets(ns).Get(ctx, ref.Name, get)
		return owned(o, o.Spec.Selector, err)
	case Job:
		o, err := r.client.BatchV1().Jobs(ns).Get(ctx, ref.Name, get)
		return owned(o, o.Spec.Selector, err)
	case CronJob:
		return r.cronJob(ctx, ns, ref.Name)
	case ReplicationController:
		o, err := r.client.CoreV1().ReplicationControllers(ns).Get(ctx, ref.Name, get)
		return owned(o, metav1.SetAsLabelSelector(o.Spec.Selector), err)
	case Service:
		return r.service(ctx, ns, ref.Name)
	}
	return claim{}, fmt.Errorf("%s does not stand for pods", ref.Kind)
}

// owned is the claim of a controller that owns its pods itself.
func owned(o metav1.Object, selector *metav1.LabelSelector, err error) (claim, error) {
	if err != nil {
		return claim{}, err
	}
	s, err := parseSelector(selector)
	return claim{s, map[types.UID]bool{o.GetUID(): true}}, err
}

// parseSelector leaves the decision to ownership if there is no selector.
func parseSelector(selector *metav1.LabelSelector) (labels.Selector, error) {
	if selector == nil {
		return labels.Everything(), nil
	}
	return metav1.LabelSelectorAsSelector(selector)
}

// deployment claims the pods of all its replica sets, the old ones of a rollout
// among them: their pods still serve.
func (r *resolver) deployment(ctx context.Context, ns, name string) (claim, error) {
	d, err := r.client.AppsV1().Deployments(ns).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return claim{}, err
	}
	c, err := owned(d, d.Spec.Selector, nil)
	if err != nil {
		return claim{}, err
	}
	sets := map[types.UID]bool{}
	err = paged(listOptions(c.selector, nil), func(o metav1.ListOptions) (string, error) {
		page, err := r.client.AppsV1().ReplicaSets(d.Namespace).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			if c.holds(&page.Items[i]) {
				sets[page.Items[i].UID] = true
			}
		}
		return page.Continue, nil
	}, func() { clear(sets) })
	if err != nil {
		err = explained{r.explain(fmt.Errorf("listing the replica sets of deployment %q: %w", name, err), "list replicasets", ns)}
	}
	return claim{c.selector, sets}, err
}

// cronJob claims the pods of all jobs that it still keeps.
func (r *resolver) cronJob(ctx context.Context, ns, name string) (claim, error) {
	cj, err := r.client.BatchV1().CronJobs(ns).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return claim{}, err
	}
	pods, err := labels.Parse(jobPods)
	if err != nil {
		return claim{}, err
	}
	mine := claim{owners: map[types.UID]bool{cj.UID: true}}
	jobs := map[types.UID]bool{}
	err = paged(metav1.ListOptions{}, func(o metav1.ListOptions) (string, error) {
		page, err := r.client.BatchV1().Jobs(cj.Namespace).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			if mine.holds(&page.Items[i]) {
				jobs[page.Items[i].UID] = true
			}
		}
		return page.Continue, nil
	}, func() { clear(jobs) })
	if err != nil {
		err = explained{r.explain(fmt.Errorf("listing the jobs of cron job %q: %w", name, err), "list jobs", ns)}
	}
	return claim{pods, jobs}, err
}

// service claims by selector only: a service owns nothing.
func (r *resolver) service(ctx context.Context, ns, name string) (claim, error) {
	svc, err := r.client.CoreV1().Services(ns).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return claim{}, err
	}
	if len(svc.Spec.Selector) == 0 {
		return claim{}, hint.With(fmt.Errorf("the service has no selector, so it stands for no pods"), "name the pods, or select them with -l")
	}
	return claim{selector: labels.SelectorFromSet(svc.Spec.Selector)}, nil
}
