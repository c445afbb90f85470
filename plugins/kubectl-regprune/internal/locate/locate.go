// Package locate decides which registry of a cluster is meant, and reads from the
// API server what can be known of it without asking it: its storage, its settings,
// the names under which pods know it.
//
// It changes nothing, opens no connection to a registry of its own, and never picks
// one of several. What it could not read it says, so that nobody takes it for absent.
package locate

import (
	"cmp"
	"context"
	"errors"
	"slices"

	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Client reads the built-in kinds. A *kube.Client is one. Kinds that it has no method
// for, such as ingresses, are read through the REST client of CoreV1.
type Client interface {
	CoreV1() corev1client.CoreV1Interface
	AppsV1() appsv1client.AppsV1Interface
	BatchV1() batchv1client.BatchV1Interface
}

// Query says what to look for.
type Query struct {
	Ref           *resolve.Ref // a service, pod or workload; nil: whatever is there
	Namespace     string
	AllNamespaces bool // instead of Namespace, without Ref
	Port          int  // of the service, or of the pod if that has none; 0: the likeliest
	// Secrets allows to read a Secret that is mounted as the server's configuration
	// file or is the source of its environment.
	Secrets bool
	// Command is what the user typed, up to the name of a target, for the list of
	// several; "kubectl regprune" by default.
	Command string
}

// Found is what a search gave.
type Found struct {
	// Candidates are in the order of their scores, then of their names. Products that
	// are refused are among them.
	Candidates []Candidate
	// Outside is a registry that the cluster announces and that none of the candidates
	// is, as with kind and k3d; nil if there is none.
	Outside *Hosting
	// Unread says in words what could not be read, and so may have hidden a registry.
	Unread []string
}

// ErrNone: no registry was found. ErrSeveral: more than one was. ErrForeign: what was
// found must be pruned by other means.
var (
	ErrNone    = errors.New("no registry found")
	ErrSeveral = errors.New("more than one registry found")
	ErrForeign = errors.New("not a registry for this command")
)

// good is the score from which on a workload that nobody named is a registry.
const good = 30

// Find returns the one registry that q means. Errors are [ErrNone], [ErrSeveral] with
// the commands to choose, [ErrForeign] with what to use instead, and those of the API
// server.
func Find(ctx context.Context, client Client, q Query) (*Candidate, error) {
	found, err := All(ctx, client, q)
	if err != nil {
		return nil, err
	}
	var fit []Candidate
	for i := range found.Candidates {
		if c := &found.Candidates[i]; c.Refusal() == nil {
			fit = append(fit, *c)
		}
	}
	switch outside := found.Outside != nil && q.Ref == nil; {
	case len(fit) == 1 && !outside:
		return &fit[0], nil
	case len(fit) > 0:
		return nil, q.several(fit, found.Outside)
	case len(found.Candidates) > 0:
		return nil, q.foreign(found.Candidates)
	}
	return nil, q.none(found)
}

// All returns every registry that q means. Without a Ref these are the workloads for
// which enough speaks; the rest of the cluster is not in the answer.
func All(ctx context.Context, client Client, q Query) (*Found, error) {
	s := &search{client: client, q: q, namespaces: map[string]*surroundings{}}
	workloads, err := s.workloads(ctx)
	if err != nil {
		return nil, err
	}
	found := &Found{}
	for _, w := range workloads {
		c, err := s.candidate(ctx, w)
		if err != nil {
			return nil, err
		}
		if c != nil {
			found.Candidates = append(found.Candidates, *c)
		}
	}
	found.Outside = s.announced(ctx, found.Candidates)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	found.Unread = s.unread
	slices.SortStableFunc(found.Candidates, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Name(), b.Name()))
	})
	return found, nil
}
