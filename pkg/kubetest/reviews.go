package kubetest

import (
	"io"
	"net/http"
	"slices"

	authv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

func (s *Server) selfSubjectAccessReview(w http.ResponseWriter, r *http.Request) {
	var review authv1.SelfSubjectAccessReview
	if !s.review(w, r, "selfsubjectaccessreviews", &review) {
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

// selfSubjectRulesReview knows the rules about pods and their subresources.
func (s *Server) selfSubjectRulesReview(w http.ResponseWriter, r *http.Request) {
	var review authv1.SelfSubjectRulesReview
	if !s.review(w, r, "selfsubjectrulesreviews", &review) {
		return
	}
	review.TypeMeta = metav1.TypeMeta{Kind: "SelfSubjectRulesReview", APIVersion: "authorization.k8s.io/v1"}
	review.Status.Incomplete, review.Status.ResourceRules = s.access.rules(review.Spec.Namespace)
	review.Status.NonResourceRules = []authv1.NonResourceRule{}
	writeJSON(w, http.StatusCreated, &review)
}

func (a *access) rules(namespace string) (incomplete bool, rules []authv1.ResourceRule) {
	a.mu.RLock()
	allows := slices.Clone(a.allows)
	incomplete = a.partial
	a.mu.RUnlock()
	rules = []authv1.ResourceRule{}
	if incomplete {
		return incomplete, rules
	}
	for _, resource := range []string{"pods", "pods/exec", "pods/portforward", "pods/ephemeralcontainers"} {
		for _, verb := range []string{"get", "list", "create", "patch"} {
			rule := authv1.ResourceRule{APIGroups: []string{""}, Resources: []string{resource}, Verbs: []string{verb}}
			if a.allowed(Rule{Verb: verb, Resource: resource, Namespace: namespace}) {
				rules = append(rules, rule)
				continue
			}
			for _, named := range allows {
				if named.Name != "" && named.matches(Rule{Verb: verb, Resource: resource, Namespace: namespace, Name: named.Name}) {
					rule.ResourceNames = append(rule.ResourceNames, named.Name)
				}
			}
			if len(rule.ResourceNames) > 0 {
				rules = append(rules, rule)
			}
		}
	}
	return incomplete, rules
}

// review reads a request of the authorization group into into. It answers one that
// is denied or not understood, and says whether to go on.
func (s *Server) review(w http.ResponseWriter, r *http.Request, resource string, into runtime.Object) bool {
	if !s.allow(w, "create", schema.GroupResource{Group: "authorization.k8s.io", Resource: resource}, "", "") {
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err == nil {
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(body, nil, into)
	}
	if err != nil {
		writeStatus(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return false
	}
	return true
}
