package kubetest

import (
	"fmt"
	"io"
	"net/http"
	"sync"

	authv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
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

// access decides what the one user may do: everything but what is denied.
type access struct {
	mu     sync.RWMutex
	denied []Rule
}

func (a *access) allowed(q Rule) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
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

// AllowAll forgets all rules.
func (s *Server) AllowAll() {
	s.access.mu.Lock()
	defer s.access.mu.Unlock()
	s.access.denied = nil
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

func (s *Server) selfSubjectAccessReview(w http.ResponseWriter, r *http.Request) {
	if !s.allow(w, "create", schema.GroupResource{Group: "authorization.k8s.io", Resource: "selfsubjectaccessreviews"}, "", "") {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		writeStatus(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	var review authv1.SelfSubjectAccessReview
	if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, &review); err != nil {
		writeStatus(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	review.TypeMeta = metav1.TypeMeta{Kind: "SelfSubjectAccessReview", APIVersion: "authorization.k8s.io/v1"}
	if a := review.Spec.ResourceAttributes; a != nil {
		resource := a.Resource
		if a.Subresource != "" {
			resource += "/" + a.Subresource
		}
		review.Status.Allowed = s.access.allowed(Rule{Verb: a.Verb, Resource: resource, Namespace: a.Namespace, Name: a.Name})
	}
	writeJSON(w, http.StatusCreated, &review)
}
