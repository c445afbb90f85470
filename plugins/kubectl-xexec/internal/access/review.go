package access

import (
	"context"
	"slices"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// answer is what the server said; the zero value is that it did not.
type answer int

const (
	unknown answer = iota
	allowed
	denied
)

const (
	pods = "pods"
	exec = "exec"
)

// ask reviews verb on pods/exec in ns ("" for all namespaces) for the pod of this
// name, or for any.
func (c *checker) ask(ctx context.Context, ns, verb, name string) answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	got, err := c.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: ns, Verb: verb, Resource: pods, Subresource: exec, Name: name,
		}},
	}, metav1.CreateOptions{})
	switch {
	case err != nil:
		return unknown
	case got.Status.Allowed:
		return allowed
	case got.Status.EvaluationError != "" && !got.Status.Denied:
		return unknown
	}
	return denied
}

// named are the pods for which a rule of their own grants verb on pods/exec in ns;
// complete says that the server knows of no other rules.
func (c *checker) named(ctx context.Context, ns, verb string) (names map[string]bool, complete bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	got, err := c.client.AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, &authorizationv1.SelfSubjectRulesReview{
		Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: ns},
	}, metav1.CreateOptions{})
	if err != nil {
		return nil, false
	}
	names = map[string]bool{}
	for i := range got.Status.ResourceRules {
		rule := &got.Status.ResourceRules[i]
		if !grants(rule, verb) {
			continue
		}
		for _, name := range rule.ResourceNames {
			names[name] = true
		}
	}
	return names, !got.Status.Incomplete && got.Status.EvaluationError == ""
}

// grants says whether rule is about verb on pods/exec.
func grants(rule *authorizationv1.ResourceRule, verb string) bool {
	has := func(list []string, wanted ...string) bool {
		return slices.Contains(list, "*") || slices.ContainsFunc(list, func(s string) bool { return slices.Contains(wanted, s) })
	}
	return has(rule.Verbs, verb) && has(rule.APIGroups, "") && has(rule.Resources, pods+"/"+exec, "*/"+exec)
}
