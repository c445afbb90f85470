package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Surroundings is as Workload has it. What may not be read is an error: not to know of
// another writer is not to have none.
func (k *kube) Surroundings(ctx context.Context, s *Snapshot) (*Surroundings, error) {
	near := &Surroundings{Claims: map[string]Claim{}}
	for _, read := range []func(context.Context, *Snapshot, *Surroundings) error{k.autoscalers, k.cronJobs, k.claims, k.sharers, k.nodes} {
		if err := read(ctx, s, near); err != nil {
			return nil, fmt.Errorf("looking around %s: %w", s, err)
		}
	}
	return near, nil
}

// autoscalers are read without their typed client, which would be linked for two
// fields.
func (k *kube) autoscalers(ctx context.Context, s *Snapshot, near *Surroundings) error {
	path := fmt.Sprintf("/apis/autoscaling/v2/namespaces/%s/horizontalpodautoscalers", k.namespace)
	body, err := k.client.CoreV1().RESTClient().Get().AbsPath(path).SetHeader("Accept", "application/json").Do(ctx).Raw()
	if err != nil {
		return err
	}
	var list struct {
		Items []struct {
			Metadata metav1.ObjectMeta `json:"metadata"`
			Spec     struct {
				ScaleTargetRef struct{ Kind, Name string } `json:"scaleTargetRef"`
			} `json:"spec"`
		} `json:"items"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return fmt.Errorf("reading %q: %w", path, err)
	}
	for _, h := range list.Items {
		if t := h.Spec.ScaleTargetRef; t.Kind == s.Kind && t.Name == s.Name {
			near.Autoscalers = append(near.Autoscalers, h.Metadata.Name)
		}
	}
	return nil
}

func (k *kube) cronJobs(ctx context.Context, _ *Snapshot, near *Surroundings) error {
	list, err := k.client.BatchV1().CronJobs(k.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, j := range list.Items {
		suspended := j.Spec.Suspend != nil && *j.Spec.Suspend
		if !suspended && slices.ContainsFunc(j.Spec.JobTemplate.Spec.Template.Spec.Containers, collects) {
			near.Collectors = append(near.Collectors, j.Name)
		}
	}
	return nil
}

func collects(c corev1.Container) bool {
	return strings.Contains(strings.Join(append(c.Command, c.Args...), " "), "garbage-collect")
}

func (k *kube) claims(ctx context.Context, s *Snapshot, near *Surroundings) error {
	for _, c := range s.Claims {
		near.Claims[c.Name] = Claim{Modes: c.Spec.AccessModes, Bound: true}
	}
	for _, v := range s.Template.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue
		}
		name := v.PersistentVolumeClaim.ClaimName
		c, err := k.client.CoreV1().PersistentVolumeClaims(k.namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		near.Claims[name] = Claim{c.Spec.AccessModes, c.Status.Phase == corev1.ClaimBound}
	}
	return nil
}

func (k *kube) nodes(ctx context.Context, _ *Snapshot, near *Surroundings) error {
	list, err := k.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if apierrors.IsForbidden(err) {
		near.Nodes = 2 // more than one, as far as anybody can know
		return nil
	}
	if err != nil {
		return err
	}
	for _, n := range list.Items {
		if !n.Spec.Unschedulable && !slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }) {
			near.Nodes++
		}
	}
	return nil
}
