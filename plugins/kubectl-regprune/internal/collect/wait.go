package collect

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// Wait is as Workload has it. It looks every half second, which a test of the version
// cannot get wrong, where a watch that is cut off could.
func (k *kube) Wait(ctx context.Context) ([]Pod, error) {
	state := "nothing is known yet"
	for {
		pods, now, err := k.settled(ctx)
		switch {
		case pods != nil, err != nil && lasting(err):
			return pods, err
		case err == nil:
			state = now
		case ctx.Err() == nil:
			state = err.Error()
		}
		if err := pause.For(ctx, k.poll); err != nil {
			return nil, fmt.Errorf("waiting for the pods of %s \"%s/%s\", %s: %w", k.kind, k.namespace, k.name, state, err)
		}
	}
}

// lasting tells what another look will not change from an API server that restarts.
func lasting(err error) bool {
	_, crash := errors.AsType[*CrashError](err)
	return crash || apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsUnauthorized(err)
}

// CrashError says that a pod does not start with the settings that it should have.
type CrashError struct{ Pod, Reason, Message string }

func (e *CrashError) Error() string {
	return fmt.Sprintf("pod %q does not start: %s: %s", e.Pod, e.Reason, e.Message)
}

// settled returns the pods if all are as they should be, and otherwise what is missing.
// A pod that crashes with the present settings is an error: it will do so again.
func (k *kube) settled(ctx context.Context) ([]Pod, string, error) {
	o, err := k.get(ctx)
	if err != nil {
		return nil, "", err
	}
	selector, err := metav1.LabelSelectorAsSelector(o.selector)
	if err != nil {
		return nil, "", fmt.Errorf("reading the selector of %s: %w", &o.snapshot, err)
	}
	list, err := k.client.CoreV1().Pods(k.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, "", fmt.Errorf("listing the pods of %s: %w", &o.snapshot, err)
	}
	pods := []Pod{}
	want := variable(&o.snapshot.Template.Spec, k.container)
	waiting := ""
	for i := range list.Items {
		p := &list.Items[i]
		if p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed && p.DeletionTimestamp == nil {
			continue // evicted, and nothing of it runs
		}
		current := equality.Semantic.DeepEqual(variable(&p.Spec, k.container), want)
		if current {
			if err := k.crashes(p); err != nil {
				return nil, "", err
			}
		}
		if !current || p.DeletionTimestamp != nil || !ready(p) {
			waiting = fmt.Sprintf("as pod %q is not there yet, or not gone", p.Name)
			continue
		}
		pods = append(pods, Pod{k.namespace, p.Name, string(p.UID), k.container, p.Status.PodIP})
	}
	switch {
	case o.observed < o.Generation:
		return nil, "whose change nobody has seen yet", nil
	case waiting != "":
		return nil, waiting, nil
	case int(o.desired) != len(pods) || o.updated != o.desired || o.available < o.desired:
		return nil, fmt.Sprintf("of which %d of %d are ready", o.available, o.desired), nil
	}
	return pods, "", nil
}

func ready(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func (k *kube) crashes(p *corev1.Pod) error {
	for _, c := range p.Status.ContainerStatuses {
		w := c.State.Waiting
		if w == nil || c.Name != k.container {
			continue
		}
		switch w.Reason {
		case "CrashLoopBackOff", "CreateContainerConfigError", "InvalidImageName", "ErrImageNeverPull", "CreateContainerError":
			return hint.With(&CrashError{p.Namespace + "/" + p.Name, w.Reason, streams.SanitizeLine(w.Message)},
				fmt.Sprintf("see kubectl logs -n %s %s -c %s", p.Namespace, p.Name, k.container))
		}
	}
	return nil
}
