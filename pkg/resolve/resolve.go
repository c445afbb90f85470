// Package resolve turns what a user names into pods: a pod, a workload, a
// selector. The answer is frozen: each target carries the UID it had when it was
// listed, so that a later step can tell the pod that was meant from a new one
// with the same name.
//
//	found, err := resolve.Pods(ctx, client, resolve.Query{
//		Refs:       []resolve.Ref{{Kind: resolve.Deployment, Name: "web"}},
//		Namespaces: []string{"prod"},
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
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	discoveryv1client "k8s.io/client-go/kubernetes/typed/discovery/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
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
	// OneOff says that no other pod will ever have the name: its last part was made
	// up by the API server, as for the pods of deployments, daemon sets and jobs.
	OneOff bool
	// DefaultedFrom lists the pod's containers when Container is merely the first
	// of several: neither the query nor the pod's annotation names one.
	DefaultedFrom string
}

// Skip is a pod or a container that was meant but in which no command can run now.
// Container is empty if the reason is about the whole pod and several of its
// containers were meant, or if it has none of the wanted name.
type Skip struct {
	Target
	Reason string
	Hint   string // what the user can do about it, "" if nothing
}

// Found is the answer to a [Query], in the order of its Refs, then of its
// Namespaces, then of the API server's list, which is that of names, and then of
// the pod's specification. A pod that several Refs mean is in it once.
type Found struct {
	Targets []Target
	Skipped []Skip
	// Excluded counts the pods that [Query].NotPods left out of those that all the
	// rest of the query means. They have no rows: the user asked for their absence.
	Excluded int
}

// ErrNothing is what errors of [Pods] are ([errors.Is]) when the named thing does
// not exist, when nothing matches, or when no command can run in the one pod that
// is named.
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
	namespaces := q.namespaces()
	if len(q.Refs) == 0 {
		if err := r.selected(ctx, namespaces); err != nil {
			return nil, err
		}
	}
	for _, ref := range q.Refs {
		for _, ns := range namespaces {
			if err := r.named(ctx, ns, ref); err != nil {
				return nil, err
			}
		}
	}
	switch nothing := len(r.found.Targets) == 0; {
	case nothing && len(r.found.Skipped) == 0:
		return nil, r.noMatch()
	case nothing && len(r.found.Skipped) == 1 && q.single():
		return nil, r.found.Skipped[0].Err()
	}
	return &r.found, nil
}

// Err says why nothing can run in the pod, with the hint.
func (s Skip) Err() error {
	text := fmt.Sprintf("cannot run a command in pod %q: %s", s.Pod, s.Reason)
	if strings.HasPrefix(s.Reason, noContainer) {
		text = fmt.Sprintf("pod %q has %s", s.Pod, s.Reason)
	}
	return hint.With(missing(text), s.Hint)
}

type resolver struct {
	client Client
	q      Query
	seen   map[types.NamespacedName]bool
	found  Found
}

// selected lists the namespaces, some at a time.
func (r *resolver) selected(ctx context.Context, namespaces []string) error {
	type listing struct {
		rows []row
		err  error
	}
	all := make([]listing, len(namespaces))
	limits := fanout.Limits[string]{Total: listsAtOnce}
	for i, l := range fanout.Run(ctx, namespaces, limits, func(ctx context.Context, ns string) (l listing) {
		l.rows, l.err = r.selectedIn(ctx, ns)
		return l
	}) {
		all[i] = l
	}
	for _, l := range all {
		if l.err != nil {
			return l.err
		}
		for i := range l.rows {
			r.add(&l.rows[i])
		}
	}
	return context.Cause(ctx)
}

// listsAtOnce bounds the namespaces that are listed at the same time.
const listsAtOnce = 8

// selectedIn lists one namespace. One without a single pod may not exist at all,
// which a LIST does not tell.
func (r *resolver) selectedIn(ctx context.Context, ns string) ([]row, error) {
	rows, n, err := r.rows(ctx, ns, r.q.Labels, nil)
	if err == nil && n == 0 {
		err = r.noNamespace(ctx, ns, "pods")
	}
	return rows, err
}

func (r *resolver) named(ctx context.Context, ns string, ref Ref) error {
	if ns == "" {
		return fmt.Errorf("looking for %s: a name needs a namespace", ref)
	}
	if ref.Kind != Pod {
		return r.workload(ctx, ns, ref)
	}
	pod, err := r.client.CoreV1().Pods(ns).Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return r.noPod(ctx, ns, ref.Name)
	}
	if err != nil {
		return r.explain(fmt.Errorf("getting pod %q: %w", ref.Name, err), "get pods", ns)
	}
	if row, ok := r.row(pod, true); ok {
		r.add(&row)
	}
	return nil
}

// add puts a pod's row into the answer, unless another Ref has brought it already.
func (r *resolver) add(one *row) {
	if r.seen[one.key] {
		return
	}
	r.seen[one.key] = true
	r.found.Targets = append(r.found.Targets, one.targets...)
	r.found.Skipped = append(r.found.Skipped, one.skipped...)
	if one.excluded {
		r.found.Excluded++
	}
}
