// Package resolve turns what a user names into pods: a pod, a workload, a
// selector. The answer is frozen: each target carries the UID it had when it was
// listed, so that a later step can tell the pod that was meant from a new one
// with the same name.
//
//	found, err := resolve.Pods(ctx, client, resolve.Query{
//		Refs:      []resolve.Ref{{Kind: resolve.Deployment, Name: "web"}},
//		Namespace: "prod",
//	})
//
// A workload stands for all of its pods, found by its selector and by ownership,
// never for one of them picked by chance. A pod in which no command can run is
// not dropped: it comes back in [Found].Skipped with the reason.
//
// The package reads; it opens no connection into a pod.
package resolve

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	discoveryv1client "k8s.io/client-go/kubernetes/typed/discovery/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Client reads the built-in kinds. A *kube.Client is one, and a
// kubernetes.Interface.
type Client interface {
	CoreV1() corev1client.CoreV1Interface
	AppsV1() appsv1client.AppsV1Interface
	BatchV1() batchv1client.BatchV1Interface
	DiscoveryV1() discoveryv1client.DiscoveryV1Interface
}

// Query says which pods are meant. Either Refs name them, or Labels and Fields
// select them; with neither, every pod of the namespace is meant.
type Query struct {
	Refs      []Ref
	Labels    labels.Selector // nil: no restriction
	Fields    fields.Selector // nil: no restriction
	Namespace string          // "": all namespaces, for selectors only
	Container string          // "": each pod's default container
}

// single reports whether the query names one pod, in which case a problem with
// that pod is an error and not a row in a list.
func (q Query) single() bool { return len(q.Refs) == 1 && q.Refs[0].Kind == Pod }

// Target is one container of one pod, as it was when it was listed.
type Target struct {
	Context        string // kubeconfig context; for callers that use several, "" from Pods
	Namespace, Pod string
	UID            types.UID
	Node           string // "" while the pod is not scheduled
	IP             string // the pod's first address, "" if it has none yet
	Container      string
	// Workload is what the pod belongs to, such as "deployment/web", as far as its
	// owner references tell without a request; "" for a bare pod.
	Workload string
	// DefaultedFrom lists the pod's containers when Container is merely the first
	// of several: neither the query nor the pod's annotation names one.
	DefaultedFrom string
}

// Skip is a pod that was meant but in which no command can run now. Container is
// empty if the pod has none of the wanted name.
type Skip struct {
	Target
	Reason string
	Hint   string // what the user can do about it, "" if nothing
}

// Found is the answer to a [Query], in the order of its Refs and then of the
// API server's list. A pod that several Refs mean is in it once.
type Found struct {
	Targets []Target
	Skipped []Skip
}

// ErrNothing is what errors of [Pods] are ([errors.Is]) when the named thing does
// not exist, or when nothing matches.
var ErrNothing = errors.New("nothing matched")

// missing is an ErrNothing with its own words.
type missing string

func (m missing) Error() string        { return string(m) }
func (m missing) Is(target error) bool { return target == ErrNothing }

// Pods answers q with one GET for each named pod and LIST requests of 500 items
// for everything else; built-in types cost no discovery. It returns an error,
// most with a hint, if anything named is missing, if nothing matches, or if a
// single named pod cannot run a command.
func Pods(ctx context.Context, client Client, q Query) (*Found, error) {
	r := &resolver{client: client, q: q, seen: map[types.NamespacedName]bool{}}
	if len(q.Refs) == 0 {
		if err := r.selected(ctx); err != nil {
			return nil, err
		}
	}
	for _, ref := range q.Refs {
		if err := r.named(ctx, ref); err != nil {
			return nil, err
		}
	}
	if q.single() && len(r.found.Skipped) == 1 {
		return nil, r.found.Skipped[0].Err()
	}
	return &r.found, nil
}

// Err says why nothing can run in the pod, with the hint.
func (s Skip) Err() error {
	err := fmt.Errorf("cannot run a command in pod %q: %s", s.Pod, s.Reason)
	if s.Container == "" {
		err = missing(fmt.Sprintf("pod %q has %s", s.Pod, s.Reason))
	}
	return hint.With(err, s.Hint)
}

type resolver struct {
	client Client
	q      Query
	seen   map[types.NamespacedName]bool
	found  Found
}

func (r *resolver) selected(ctx context.Context) error {
	n := 0
	err := r.eachPod(ctx, r.q.Namespace, r.q.Labels, r.q.Fields, func(pod *corev1.Pod) {
		n++
		r.add(pod, false)
	})
	if err == nil && n == 0 {
		return r.noMatch(ctx)
	}
	return err
}

func (r *resolver) named(ctx context.Context, ref Ref) error {
	if r.q.Namespace == "" {
		return fmt.Errorf("looking for %s: a name needs a namespace", ref)
	}
	if ref.Kind != Pod {
		return r.workload(ctx, ref)
	}
	pod, err := r.client.CoreV1().Pods(r.q.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return r.noPod(ctx, ref.Name)
	}
	if err != nil {
		return explain(fmt.Errorf("getting pod %q: %w", ref.Name, err), "get pods", r.q.Namespace)
	}
	r.add(pod, true)
	return nil
}

// add files pod under the targets or the skipped. A pod that the user named is
// used even while it terminates, as kubectl exec does: looking into a pod that
// hangs in termination is a reason to name it.
func (r *resolver) add(pod *corev1.Pod, byName bool) {
	key := types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
	if r.seen[key] {
		return
	}
	r.seen[key] = true
	target := Target{Namespace: pod.Namespace, Pod: pod.Name, UID: pod.UID, Node: pod.Spec.NodeName, IP: pod.Status.PodIP}
	skip := func(reason, hintText string) {
		r.found.Skipped = append(r.found.Skipped, Skip{target, reason, hintText})
	}
	name, defaulted := containerFor(pod, r.q.Container)
	if !hasContainer(pod, name) {
		skip(fmt.Sprintf("no container %q", name), fmt.Sprintf("its containers are: %s", containerNames(pod)))
		return
	}
	target.Container = name
	if defaulted {
		target.DefaultedFrom = containerNames(pod)
	}
	if pod.DeletionTimestamp != nil && !byName {
		skip("the pod is being deleted", "")
		return
	}
	if reason := notRunning(pod, name); reason != "" {
		skip(reason, fmt.Sprintf("see why with: kubectl describe pod %s -n %s", pod.Name, pod.Namespace))
		return
	}
	r.found.Targets = append(r.found.Targets, target)
}
