package resolve

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
)

const (
	readyPoll = time.Second
	// settle is how long a kubelet may take to report that a container has ended:
	// until then a pod that was just told to restart looks as ready as before. It is
	// no proof: a program that first finishes its work takes longer, and only whoever
	// runs the command knows how much.
	settle = 5 * time.Second
	// fewPods is how many pods of a namespace are asked for one by one: one page
	// of a large namespace costs more than a few small answers.
	fewPods = 5
)

// Ready waits until the pods of all targets are ready, which it asks after 5 seconds,
// lest it takes the state before a restart for the one after it, and then every
// second, for as long as timeout (0: until ctx's own deadline). It returns an error as soon as one of
// them is gone, was replaced or has ended, because it will never be ready again;
// when the time is over; or when ctx ends. An API server that cannot be asked is
// asked again, within the same time; one that refuses the answer is not.
func Ready(ctx context.Context, client Client, targets []Target, timeout time.Duration) error {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	began, wait := time.Now(), settle
	if deadline, ok := ctx.Deadline(); ok { // there must be time for a look
		wait = min(wait, deadline.Sub(began)/2)
	}
	waiting := podsOf(targets)
	var last error
	for {
		if pause.For(ctx, wait) != nil {
			return late(ctx, waiting, time.Since(began).Round(time.Second), last)
		}
		wait = readyPoll
		left, err := notReady(ctx, client, waiting)
		var final *unfit
		switch {
		case errors.As(err, &final), apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			return err
		case err == nil && len(left) == 0:
			return nil
		case err == nil:
			waiting, last = left, nil
		case ctx.Err() == nil:
			last = err
		}
	}
}

// late says why the wait is over: who is not ready after so long, or why that could
// not be asked.
func late(ctx context.Context, waiting []Target, waited time.Duration, last error) error {
	switch {
	case !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("waiting for pods to be ready: %w", context.Cause(ctx))
	case last != nil:
		return fmt.Errorf("waiting for pods to be ready: %w", last)
	case len(waiting) > 1:
		return fmt.Errorf("pod %q and %d more are not ready after %s", waiting[0].Pod, len(waiting)-1, waited)
	}
	return fmt.Errorf("pod %q is not ready after %s", waiting[0].Pod, waited)
}

// unfit is a pod that will never be ready again.
type unfit struct{ why string }

func (u *unfit) Error() string { return u.why }

// podsOf has each pod once, whatever the number of its containers.
func podsOf(targets []Target) []Target {
	seen := map[types.NamespacedName]bool{}
	var pods []Target
	for _, t := range targets {
		if key := (types.NamespacedName{Namespace: t.Namespace, Name: t.Pod}); !seen[key] {
			seen[key] = true
			pods = append(pods, t)
		}
	}
	return pods
}

// notReady returns those that are not ready yet, and an error if one never will be
// or if that could not be asked.
func notReady(ctx context.Context, client Client, targets []Target) ([]Target, error) {
	byNamespace := map[string][]Target{}
	for _, t := range targets {
		byNamespace[t.Namespace] = append(byNamespace[t.Namespace], t)
	}
	states := map[types.NamespacedName]*corev1.Pod{}
	for namespace, wanted := range byNamespace {
		if err := lookUp(ctx, client, namespace, wanted, states); err != nil {
			return nil, err
		}
	}
	var left []Target
	for _, t := range targets {
		pod := states[types.NamespacedName{Namespace: t.Namespace, Name: t.Pod}]
		if err := fit(t, pod); err != nil {
			return nil, err
		}
		if !isReady(pod) {
			left = append(left, t)
		}
	}
	return left, nil
}

// lookUp adds the wanted pods of one namespace to states, as far as they exist.
func lookUp(ctx context.Context, client Client, namespace string, wanted []Target, states map[types.NamespacedName]*corev1.Pod) error {
	pods := client.CoreV1().Pods(namespace)
	if len(wanted) > fewPods {
		names := make(map[string]bool, len(wanted))
		for _, t := range wanted {
			names[t.Pod] = true
		}
		return paged(metav1.ListOptions{}, func(o metav1.ListOptions) (string, error) {
			page, err := pods.List(ctx, o)
			if err != nil {
				return "", fmt.Errorf("listing pods%s: %w", in(namespace), err)
			}
			for i := range page.Items {
				if pod := &page.Items[i]; names[pod.Name] {
					states[types.NamespacedName{Namespace: namespace, Name: pod.Name}] = pod.DeepCopy() // frees the page
				}
			}
			return page.Continue, nil
		}, func() {})
	}
	for _, t := range wanted {
		pod, err := pods.Get(ctx, t.Pod, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return fmt.Errorf("getting pod %q: %w", t.Pod, err)
		default:
			states[types.NamespacedName{Namespace: namespace, Name: t.Pod}] = pod
		}
	}
	return nil
}

func fit(t Target, pod *corev1.Pod) error {
	switch {
	case pod == nil:
		return &unfit{fmt.Sprintf("pod %q is gone", t.Pod)}
	case pod.UID != t.UID:
		return &unfit{fmt.Sprintf("pod %q was replaced", t.Pod)}
	case pod.DeletionTimestamp != nil:
		return &unfit{fmt.Sprintf("pod %q is being deleted", t.Pod)}
	case pod.Status.Phase == corev1.PodSucceeded, pod.Status.Phase == corev1.PodFailed:
		return &unfit{fmt.Sprintf("pod %q has ended", t.Pod)}
	}
	return nil
}

func isReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
