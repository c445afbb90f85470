// Package access asks the API server, before anything runs, in which targets the
// user may run a command: one answer for a namespace instead of a refusal for each
// of its pods.
//
//	denied, err := access.Check(ctx, client, found.Targets, "create")
//
// It never denies on a guess about the server: a review that fails, or that the
// server could not decide, leaves the targets to the exec requests themselves. Nor
// does it allow anything: the server judges each request again.
package access

import (
	"context"
	"time"

	authorizationv1client "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Client reviews the user's own access. A *kube.Client is one.
type Client interface {
	AuthorizationV1() authorizationv1client.AuthorizationV1Interface
}

// Denied is a target in which the user may not run anything.
type Denied struct {
	Index  int // of the target in what Check was given
	Target resolve.Target
	Verb   string // the verb on pods/exec that is missing
}

const (
	// atOnce bounds the namespaces that are asked about at the same time.
	atOnce = 8
	// reviews bounds the SelfSubjectAccessReviews about one namespace.
	reviews = 3
	// patience bounds one review. The answer only spares refusals: it is not worth
	// a long wait.
	patience = 5 * time.Second
	// worthAsking is from how many namespaces on it is worth a request to ask about
	// all of them at once.
	worthAsking = 3
)

// Check returns the targets in which the user lacks one of verbs on pods/exec, in
// their order. "create" is what exec over SPDY needs, and over WebSockets "get" as
// well (until 1.34 only "get").
//
// A namespace costs one SelfSubjectAccessReview for each verb, all of three or
// more namespaces together cost just one where the user may exec everywhere. A
// namespace-wide no is no answer for roles that name single pods (resourceNames),
// so a SelfSubjectRulesReview looks for those. If the server cannot list all rules,
// as with authorization webhooks, single pods are asked about instead: at most two,
// and at most three reviews for a namespace. If all of these are denied, so is the
// rest of the namespace; if one is not, the rest is left to the exec requests.
//
// The error is that of ctx, nothing else.
func Check(ctx context.Context, client Client, targets []resolve.Target, verbs ...string) ([]Denied, error) {
	c := &checker{client: client, targets: targets, verbs: verbs}
	order, groups := byNamespace(targets)
	if len(order) >= worthAsking && c.everywhere(ctx) {
		return nil, context.Cause(ctx)
	}
	missing := make([]string, len(targets)) // the verb, or ""
	for i, denied := range fanout.Run(ctx, order, fanout.Limits[string]{Total: atOnce}, func(ctx context.Context, ns string) map[int]string {
		return c.namespace(ctx, ns, groups[ns])
	}) {
		for _, index := range groups[order[i]] {
			missing[index] = denied[index]
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var all []Denied
	for i, verb := range missing {
		if verb != "" {
			all = append(all, Denied{i, targets[i], verb})
		}
	}
	return all, nil
}

// byNamespace groups the indexes of targets; order is that of first appearance.
func byNamespace(targets []resolve.Target) (order []string, groups map[string][]int) {
	groups = map[string][]int{}
	for i := range targets {
		ns := targets[i].Namespace
		if groups[ns] == nil {
			order = append(order, ns)
		}
		groups[ns] = append(groups[ns], i)
	}
	return order, groups
}

type checker struct {
	client  Client
	targets []resolve.Target
	verbs   []string
}

// everywhere reports whether the user may exec in all namespaces.
func (c *checker) everywhere(ctx context.Context) bool {
	for _, verb := range c.verbs {
		if c.ask(ctx, "", verb, "") != allowed {
			return false
		}
	}
	return true
}

// namespace maps the indexes of the targets that are denied to the missing verb.
func (c *checker) namespace(ctx context.Context, ns string, indexes []int) map[int]string {
	for i, verb := range c.verbs {
		if c.ask(ctx, ns, verb, "") != denied {
			continue
		}
		missing := map[int]string{}
		for _, index := range c.singly(ctx, ns, verb, indexes, max(reviews-i-1, 1)) {
			missing[index] = verb
		}
		return missing
	}
	return nil
}

// singly are the indexes of the targets that are denied although the question was
// about single pods, with at most budget further access reviews.
func (c *checker) singly(ctx context.Context, ns, verb string, indexes []int, budget int) []int {
	names, complete := c.named(ctx, ns, verb)
	var rest []int
	for _, index := range indexes {
		if !names[c.targets[index].Pod] {
			rest = append(rest, index)
		}
	}
	if complete {
		return rest
	}
	return c.sample(ctx, ns, verb, rest, budget)
}

// sample asks about budget of the pods, spread over them.
func (c *checker) sample(ctx context.Context, ns, verb string, indexes []int, budget int) []int {
	pods := map[string][]int{}
	var order []string
	for _, index := range indexes {
		pod := c.targets[index].Pod
		if pods[pod] == nil {
			order = append(order, pod)
		}
		pods[pod] = append(pods[pod], index)
	}
	n := min(budget, len(order))
	var no []int
	open := false
	for i := range n {
		pod := order[i*(len(order)-1)/max(n-1, 1)]
		if c.ask(ctx, ns, verb, pod) == denied {
			no = append(no, pods[pod]...)
		} else {
			open = true
		}
	}
	if open {
		return no
	}
	return indexes
}
