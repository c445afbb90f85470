package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Client reads and patches the built-in kinds. A *kube.Client is one.
type Client interface {
	CoreV1() corev1client.CoreV1Interface
	AppsV1() appsv1client.AppsV1Interface
	BatchV1() batchv1client.BatchV1Interface
}

// kube is a Workload of a cluster.
type kube struct {
	client                Client
	kind, namespace, name string
	container             string
	poll                  time.Duration
}

// kinds are those whose pods a change of the template replaces, as the API writes them.
var kinds = map[resolve.Kind]string{resolve.Deployment: "Deployment", resolve.StatefulSet: "StatefulSet", resolve.DaemonSet: "DaemonSet"}

// NewWorkload is a Deployment, StatefulSet or DaemonSet; container is the registry's.
// It asks the cluster for nothing yet. Whatever else runs a registry is an error.
func NewWorkload(client Client, ref resolve.Ref, namespace, container string) (Workload, error) {
	if kind := kinds[ref.Kind]; kind != "" {
		return &kube{client, kind, namespace, ref.Name, container, 500 * time.Millisecond}, nil
	}
	return nil, hint.With(fmt.Errorf("looking for what runs the registry: %s \"%s/%s\" cannot be restarted with other settings", ref.Kind, namespace, ref.Name),
		"run the registry in a Deployment, or collect its garbage by hand while nobody pushes")
}

// object is what the three kinds have in common.
type object struct {
	*metav1.ObjectMeta
	snapshot                           Snapshot
	selector                           *metav1.LabelSelector
	observed                           int64
	desired, updated, ready, available int32
}

func (k *kube) get(ctx context.Context) (o *object, err error) {
	apps := k.client.AppsV1()
	switch k.kind {
	case "Deployment":
		var d *appsv1.Deployment
		if d, err = apps.Deployments(k.namespace).Get(ctx, k.name, metav1.GetOptions{}); err == nil {
			o = deployment(d)
		}
	case "StatefulSet":
		var s *appsv1.StatefulSet
		if s, err = apps.StatefulSets(k.namespace).Get(ctx, k.name, metav1.GetOptions{}); err == nil {
			o = statefulSet(s)
		}
	default:
		var d *appsv1.DaemonSet
		if d, err = apps.DaemonSets(k.namespace).Get(ctx, k.name, metav1.GetOptions{}); err == nil {
			o = daemonSet(d)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s \"%s/%s\": %w", k.kind, k.namespace, k.name, err)
	}
	s := &o.snapshot
	s.Kind, s.Namespace, s.Name, s.Container = k.kind, k.namespace, k.name, k.container
	s.ResourceVersion, s.Labels, s.Annotations = o.ResourceVersion, o.Labels, o.Annotations
	s.Replicas = int(o.desired)
	return o, nil
}

func deployment(d *appsv1.Deployment) *object {
	return &object{
		ObjectMeta: &d.ObjectMeta, selector: d.Spec.Selector, observed: d.Status.ObservedGeneration,
		desired: count(d.Spec.Replicas), updated: d.Status.UpdatedReplicas, ready: d.Status.ReadyReplicas, available: d.Status.AvailableReplicas,
		snapshot: Snapshot{Strategy: string(d.Spec.Strategy.Type), Paused: d.Spec.Paused, Template: d.Spec.Template},
	}
}

func statefulSet(s *appsv1.StatefulSet) *object {
	return &object{
		ObjectMeta: &s.ObjectMeta, selector: s.Spec.Selector, observed: s.Status.ObservedGeneration,
		desired: count(s.Spec.Replicas), updated: s.Status.UpdatedReplicas, ready: s.Status.ReadyReplicas, available: s.Status.AvailableReplicas,
		snapshot: Snapshot{Strategy: string(s.Spec.UpdateStrategy.Type), Template: s.Spec.Template, Claims: s.Spec.VolumeClaimTemplates},
	}
}

func daemonSet(d *appsv1.DaemonSet) *object {
	return &object{
		ObjectMeta: &d.ObjectMeta, selector: d.Spec.Selector, observed: d.Status.ObservedGeneration,
		desired: d.Status.DesiredNumberScheduled, updated: d.Status.UpdatedNumberScheduled, ready: d.Status.NumberReady, available: d.Status.NumberAvailable,
		snapshot: Snapshot{Strategy: string(d.Spec.UpdateStrategy.Type), Template: d.Spec.Template},
	}
}

func count(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// Get is as Workload has it.
func (k *kube) Get(ctx context.Context) (*Snapshot, error) {
	o, err := k.get(ctx)
	if err != nil {
		return nil, err
	}
	return &o.snapshot, nil
}

// Patch is as Workload has it: the patch tests the version, in the same transaction.
func (k *kube) Patch(ctx context.Context, s *Snapshot, patch []Operation) error {
	patch = append([]Operation{{"test", "/metadata/resourceVersion", s.ResourceVersion}}, patch...)
	body, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("changing %s: %w", s, err)
	}
	apps := k.client.AppsV1()
	// Flux takes back what managers have set whose names begin with kubectl.
	options := metav1.PatchOptions{FieldManager: "regprune"}
	switch k.kind {
	case "Deployment":
		_, err = apps.Deployments(k.namespace).Patch(ctx, k.name, types.JSONPatchType, body, options)
	case "StatefulSet":
		_, err = apps.StatefulSets(k.namespace).Patch(ctx, k.name, types.JSONPatchType, body, options)
	default:
		_, err = apps.DaemonSets(k.namespace).Patch(ctx, k.name, types.JSONPatchType, body, options)
	}
	switch {
	case err == nil:
		return nil
	case apierrors.IsConflict(err) || apierrors.IsInvalid(err) || apierrors.ReasonForError(err) == metav1.StatusReasonUnknown:
		// A test that fails is reported like any other patch that makes no sense.
		if now, readErr := k.Get(ctx); readErr == nil && now.ResourceVersion != s.ResourceVersion {
			return fmt.Errorf("changing %s: %w", s, ErrConflict)
		}
	}
	return fmt.Errorf("changing %s: %w", s, err)
}

// variable is the one that a run changes, as the container has it.
func variable(spec *corev1.PodSpec, container string) *corev1.EnvVar {
	for _, c := range spec.Containers {
		for i := range c.Env {
			if c.Name == container && isVariable(c.Env[i]) {
				return &c.Env[i]
			}
		}
	}
	return nil
}
