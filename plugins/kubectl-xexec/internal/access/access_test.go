package access_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/access"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// targets are n pods in each of the namespaces.
func targets(n int, namespaces ...string) []resolve.Target {
	var all []resolve.Target
	for _, ns := range namespaces {
		for i := range n {
			all = append(all, resolve.Target{Namespace: ns, Pod: fmt.Sprintf("web-%d", i), Container: "app"})
		}
	}
	return all
}

func start(t *testing.T) (*kubetest.Server, *kube.Client) {
	t.Helper()
	server := kubetest.Start(t, kubetest.Options{})
	client, err := kube.NewClient(server.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

func reviews(server *kubetest.Server, resource string) int {
	return server.Recorder().Count(func(r kubetest.Request) bool { return strings.HasSuffix(r.Path, "/"+resource) })
}

var (
	noExec   = kubetest.Rule{Verb: "create", Resource: "pods/exec"}
	noGet    = kubetest.Rule{Verb: "get", Resource: "pods/exec"}
	noReview = kubetest.Rule{Resource: "selfsubjectaccessreviews"}
	noRules  = kubetest.Rule{Resource: "selfsubjectrulesreviews"}
)

func named(rule kubetest.Rule, ns, name string) kubetest.Rule {
	rule.Namespace, rule.Name = ns, name
	return rule
}

func TestCheck(t *testing.T) {
	a := []string{"a"}
	five := []string{"a", "b", "c", "d", "e"}
	for _, tc := range []struct {
		name        string
		deny, allow []kubetest.Rule
		hidden      bool // the server does not list its rules
		n           int
		namespaces  []string
		verbs       []string
		denied      string
		ssar, ssrr  int
	}{
		{name: "allowed", n: 1000, namespaces: a, ssar: 1},
		{name: "allowed with both verbs", n: 3, namespaces: a, verbs: []string{"create", "get"}, ssar: 2},
		{name: "allowed everywhere", n: 2, namespaces: five, ssar: 1},
		{name: "denied everywhere", deny: []kubetest.Rule{noExec}, n: 1, namespaces: five, denied: "a/web-0 b/web-0 c/web-0 d/web-0 e/web-0", ssar: 6, ssrr: 5},
		{name: "denied", deny: []kubetest.Rule{noExec}, n: 2, namespaces: a, denied: "a/web-0 a/web-1", ssar: 1, ssrr: 1},
		{name: "one namespace of two", deny: []kubetest.Rule{named(noExec, "b", "")}, n: 1, namespaces: []string{"a", "b"}, denied: "b/web-0", ssar: 2, ssrr: 1},
		{name: "second verb", deny: []kubetest.Rule{noGet}, n: 1, namespaces: a, verbs: []string{"create", "get"}, denied: "a/web-0", ssar: 2, ssrr: 1},
		{name: "a verb that is not needed", deny: []kubetest.Rule{noGet}, n: 1, namespaces: a, ssar: 1},
		{name: "role for one name", deny: []kubetest.Rule{noExec}, allow: []kubetest.Rule{named(noExec, "a", "web-3")}, n: 5, namespaces: a,
			denied: "a/web-0 a/web-1 a/web-2 a/web-4", ssar: 1, ssrr: 1},
		{name: "hidden rules, denied", deny: []kubetest.Rule{noExec}, hidden: true, n: 4, namespaces: a,
			denied: "a/web-0 a/web-1 a/web-2 a/web-3", ssar: 3, ssrr: 1},
		{name: "hidden rules, few pods are all asked about", deny: []kubetest.Rule{noExec}, allow: []kubetest.Rule{named(noExec, "a", "web-1")}, hidden: true,
			n: 2, namespaces: a, denied: "a/web-0", ssar: 3, ssrr: 1},
		{name: "hidden rules, a sample is allowed", deny: []kubetest.Rule{noExec}, allow: []kubetest.Rule{named(noExec, "a", "web-3")}, hidden: true,
			n: 4, namespaces: a, denied: "a/web-0", ssar: 3, ssrr: 1},
		{name: "no rules review", deny: []kubetest.Rule{noExec, noRules}, n: 3, namespaces: a, verbs: []string{"get", "create"},
			denied: "a/web-0 a/web-1 a/web-2", ssar: 3, ssrr: 1},
		{name: "no reviews at all", deny: []kubetest.Rule{noExec, noReview}, n: 3, namespaces: a, ssar: 1},
	} {
		server, client := start(t)
		server.Deny(tc.deny...)
		server.Allow(tc.allow...)
		if tc.hidden {
			server.HideRules()
		}
		if tc.verbs == nil {
			tc.verbs = []string{"create"}
		}
		all := targets(tc.n, tc.namespaces...)
		got, err := access.Check(t.Context(), client, all, tc.verbs...)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		var names []string
		for _, d := range got {
			names = append(names, d.Target.Namespace+"/"+d.Target.Pod)
			if all[d.Index] != d.Target {
				t.Errorf("%s: index %d is not that of %v", tc.name, d.Index, d.Target)
			}
		}
		if denied := strings.Join(names, " "); denied != tc.denied {
			t.Errorf("%s: denied %q, want %q", tc.name, denied, tc.denied)
		}
		if ssar, ssrr := reviews(server, "selfsubjectaccessreviews"), reviews(server, "selfsubjectrulesreviews"); ssar != tc.ssar || ssrr != tc.ssrr {
			t.Errorf("%s: %d access and %d rules reviews, want %d and %d", tc.name, ssar, ssrr, tc.ssar, tc.ssrr)
		}
	}
}

func TestBrokenServerDeniesNothing(t *testing.T) {
	server, client := start(t)
	server.Deny(noExec)
	server.Faults().Set(kubetest.Fault{On: "selfsubjectaccessreviews", Code: 500})
	got, err := access.Check(t.Context(), client, targets(2, "a"), "create")
	if len(got) > 0 || err != nil {
		t.Errorf("denied %v, error %v; want neither", got, err)
	}
}

func TestCancelledCheckIsAnError(t *testing.T) {
	_, client := start(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("stopped")
	cancel(why)
	if got, err := access.Check(ctx, client, targets(2, "a"), "create"); !errors.Is(err, why) || got != nil {
		t.Errorf("denied %v, error %v; want the cause", got, err)
	}
}

// A server that could not make up its mind has not said no.
func TestEvaluationErrorsDenyNothing(t *testing.T) {
	for _, tc := range []struct {
		status authorizationv1.SubjectAccessReviewStatus
		denied int
	}{
		{authorizationv1.SubjectAccessReviewStatus{}, 2},
		{authorizationv1.SubjectAccessReviewStatus{EvaluationError: "webhook is down"}, 0},
		{authorizationv1.SubjectAccessReviewStatus{EvaluationError: "role not found", Denied: true}, 2},
	} {
		client := fake.NewClientset()
		client.PrependReactor("create", "selfsubjectaccessreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, &authorizationv1.SelfSubjectAccessReview{Status: tc.status}, nil
		})
		got, err := access.Check(t.Context(), client, targets(2, "a"), "create")
		if err != nil || len(got) != tc.denied {
			t.Errorf("%+v: %d denied (%v), want %d", tc.status, len(got), err, tc.denied)
		}
	}
}

// Only a rule about the very verb and resource speaks for a pod.
func TestRulesForSinglePods(t *testing.T) {
	rule := func(verb, group, resource string) authorizationv1.ResourceRule {
		return authorizationv1.ResourceRule{Verbs: []string{verb}, APIGroups: []string{group}, Resources: []string{resource}, ResourceNames: []string{"web-0"}}
	}
	for _, tc := range []struct {
		rule   authorizationv1.ResourceRule
		denied int
	}{
		{rule("create", "", "pods/exec"), 1}, {rule("*", "*", "*"), 1}, {rule("create", "", "*/exec"), 1},
		{rule("get", "", "pods/exec"), 2}, {rule("create", "", "pods"), 2}, {rule("create", "", "pods/log"), 2}, {rule("create", "apps", "pods/exec"), 2},
	} {
		client := fake.NewClientset()
		client.PrependReactor("create", "selfsubjectaccessreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, &authorizationv1.SelfSubjectAccessReview{}, nil
		})
		client.PrependReactor("create", "selfsubjectrulesreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, &authorizationv1.SelfSubjectRulesReview{Status: authorizationv1.SubjectRulesReviewStatus{ResourceRules: []authorizationv1.ResourceRule{tc.rule}}}, nil
		})
		got, err := access.Check(t.Context(), client, targets(2, "a"), "create")
		if err != nil || len(got) != tc.denied {
			t.Errorf("%v: %d denied (%v), want %d", tc.rule, len(got), err, tc.denied)
		}
	}
}

func TestSummary(t *testing.T) {
	deny := func(all []resolve.Target) []access.Denied {
		var denied []access.Denied
		for i, target := range all {
			denied = append(denied, access.Denied{Index: i, Target: target, Verb: "create"})
		}
		return denied
	}
	rule := `; a Role that allows it has the rule {apiGroups: [""], resources: [pods/exec], verbs: [create]}`
	for _, tc := range []struct {
		denied     []access.Denied
		total      int
		text, hint string
	}{
		{deny(targets(1, "a")), 1, `not allowed to run commands in pod "web-0" in namespace "a"`,
			"check with 'kubectl auth can-i create pods --subresource=exec -n a --context east'" + rule},
		{deny(targets(1000, "a")), 1000, `not allowed to run commands in 1000 of 1000 targets: namespace "a"`,
			"check with 'kubectl auth can-i create pods --subresource=exec -n a --context east'" + rule},
		{deny(targets(2, "a", "b", "c", "d", "e")), 12,
			`not allowed to run commands in 10 of 12 targets: 2 in namespace "a", 2 in namespace "b", 2 in namespace "c", 4 in 2 more`,
			"check with 'kubectl auth can-i create pods --subresource=exec -n a --context east'" + rule},
	} {
		err := access.Summary(tc.denied, tc.total, "--context", "east")
		if err == nil || err.Error() != tc.text || hint.Of(err) != tc.hint {
			t.Errorf("summary %v\nhint %s\nwant %s\nhint %s", err, hint.Of(err), tc.text, tc.hint)
		}
	}
	if err := access.Summary(nil, 3); err != nil {
		t.Errorf("nothing denied: %v", err)
	}
}
