package rbac

import (
	"context"
	"fmt"
	"strings"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authorizationv1client "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
)

// Client reviews the user's own access. A *kube.Client is one.
type Client interface {
	AuthorizationV1() authorizationv1client.AuthorizationV1Interface
}

// Missing is a right that the user does not have.
type Missing struct {
	Verb, Resource, Group string // Resource may have a subresource after a slash
	Name, Namespace       string // "" for any, and for all
	Why                   string
	Optional              bool
	// Unsure says that the server did not settle it: the review failed, or a rule for
	// single resources of a group may grant what none grants for all.
	Unsure bool
}

// String is the right in words.
func (m Missing) String() string {
	what := m.Resource
	if m.Group != "" {
		what += "." + m.Group
	}
	if m.Name != "" {
		what += fmt.Sprintf(" %q", m.Name)
	}
	if m.Namespace == "" {
		return fmt.Sprintf("%s %s in all namespaces", m.Verb, what)
	}
	return fmt.Sprintf("%s %s in namespace %q", m.Verb, what, m.Namespace)
}

// Command is how kubectl checks it.
func (m Missing) Command() string {
	resource, sub, _ := strings.Cut(m.Resource, "/")
	if m.Group != "" {
		resource += "." + m.Group
	}
	if m.Name != "" {
		resource += "/" + m.Name
	}
	words := []string{"kubectl auth can-i", m.Verb, resource}
	if sub != "" {
		words = append(words, "--subresource="+sub)
	}
	if m.Namespace == "" {
		return strings.Join(append(words, "-A"), " ")
	}
	return strings.Join(append(words, "-n", m.Namespace), " ")
}

const (
	atOnce   = 8
	patience = 10 * time.Second // for one review
)

// Check asks the API server for each right that the options name, with one
// SelfSubjectAccessReview for each verb and resource, and returns those that are
// missing, in the order of [Rules]. A review that fails is an Unsure one, and the error
// is that of the options or of ctx.
func Check(ctx context.Context, client Client, o Options) ([]Missing, error) {
	rules, err := Rules(o)
	if err != nil {
		return nil, err
	}
	var asked []Missing
	for _, r := range rules {
		asked = append(asked, r.single(o.Namespace)...)
	}
	answers := make([]*Missing, len(asked))
	for i, m := range fanout.Run(ctx, asked, fanout.Limits[Missing]{Total: atOnce}, func(ctx context.Context, m Missing) *Missing { return review(ctx, client, m) }) {
		answers[i] = m
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var missing []Missing
	for _, m := range answers {
		if m != nil {
			missing = append(missing, *m)
		}
	}
	return missing, nil
}

// single splits a rule into rights that can be asked for.
func (r Rule) single(namespace string) (all []Missing) {
	if r.Cluster {
		namespace = ""
	}
	names := r.Names
	if len(names) == 0 {
		names = []string{""}
	}
	for _, resource := range r.Resources {
		for _, verb := range r.Verbs {
			for _, name := range names {
				all = append(all, Missing{Verb: verb, Resource: resource, Group: r.Group, Name: name, Namespace: namespace, Why: r.Why, Optional: r.Optional})
			}
		}
	}
	return all
}

// review returns m if it is missing, nil if the user has it.
func review(ctx context.Context, client Client, m Missing) *Missing {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	resource, sub, _ := strings.Cut(m.Resource, "/")
	got, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: m.Namespace, Verb: m.Verb, Group: m.Group, Resource: resource, Subresource: sub, Name: m.Name,
		}},
	}, metav1.CreateOptions{})
	switch {
	case err != nil:
		m.Unsure = true
	case got.Status.Allowed:
		return nil
	default:
		m.Unsure = resource == "*" || got.Status.EvaluationError != "" && !got.Status.Denied
	}
	return &m
}
