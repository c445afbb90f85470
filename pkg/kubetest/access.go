package kubetest

import (
	"fmt"
	"net/http"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Rule names what is refused. An empty field stands for everything.
type Rule struct {
	Verb string
	// Resource is in the plural and has its subresource after a slash, such
	// as "pods" or "pods/exec". Its API group does not matter.
	Resource  string
	Namespace string
	Name      string
}

func (r Rule) matches(q Rule) bool {
	is := func(rule, asked string) bool { return rule == "" || rule == asked }
	return is(r.Verb, q.Verb) && is(r.Resource, q.Resource) && is(r.Namespace, q.Namespace) && is(r.Name, q.Name)
}

// access decides what the one user may do: everything but what is denied, and of
// that what is allowed again.
type access struct {
	mu      sync.RWMutex
	denied  []Rule
	allows  []Rule
	partial bool // answers to SelfSubjectRulesReviews say that they are incomplete
}

func (a *access) allowed(q Rule) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, r := range a.allows {
		if r.matches(q) {
			return true
		}
	}
	for _, r := range a.denied {
		if r.matches(q) {
			return false
		}
	}
	return true
}

// Deny makes the server refuse what a rule matches, in requests and in answers
// to SelfSubjectAccessReviews alike. It adds to earlier rules.
func (s *Server) Deny(rules ...Rule) {
	s.access.mu.Lock()
	defer s.access.mu.Unlock()
	s.access.denied = append(s.access.denied, rules...)
}

// Allow makes exceptions from what is denied. A rule with a Name is what a Role
// with resourceNames is: it allows nothing to a request without a name.
func (s *Server) Allow(rules ...Rule) {
	s.access.mu.Lock()
	defer s.access.mu.Unlock()
	s.access.allows = append(s.access.allows, rules...)
}

// AllowAll forgets all rules.
func (s *Server) AllowAll() {
	s.access.mu.Lock()
	defer s.access.mu.Unlock()
	s.access.denied, s.access.allows = nil, nil
}

// HideRules makes SelfSubjectRulesReviews answer that they know no rules but that
// there may be some, as servers with authorization webhooks do.
func (s *Server) HideRules() {
	s.access.mu.Lock()
	defer s.access.mu.Unlock()
	s.access.partial = true
}

// allow answers a denied request and says whether to go on.
func (s *Server) allow(w http.ResponseWriter, verb string, gr schema.GroupResource, namespace, name string) bool {
	if s.access.allowed(Rule{Verb: verb, Resource: gr.Resource, Namespace: namespace, Name: name}) {
		return true
	}
	resource := gr
	for i, c := range gr.Resource {
		if c == '/' {
			resource.Resource = gr.Resource[:i]
			break
		}
	}
	what := resource.String()
	if name != "" {
		what = fmt.Sprintf("%s %q", what, name)
	}
	where := "at the cluster scope"
	if namespace != "" {
		where = fmt.Sprintf("in the namespace %q", namespace)
	}
	writeStatus(w, http.StatusForbidden, metav1.StatusReasonForbidden, fmt.Sprintf(
		"%s is forbidden: User %q cannot %s resource %q in API group %q %s",
		what, s.opts.User, verb, gr.Resource, gr.Group, where))
	return false
}
