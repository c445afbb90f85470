package rbac

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

var update = flag.Bool("update", false, "rewrite golden files")

var (
	deployment = resolve.Ref{Kind: resolve.Deployment, Name: "registry"}
	pruner     = Subject{Kind: "ServiceAccount", Namespace: "ci", Name: "pruner"}
	plan       = Options{Step: Plan, Namespace: "images", Workload: deployment, Subject: pruner, Groups: []string{"argoproj.io"}, Files: true}
	outside    = Options{Step: Apply, Subject: Subject{Kind: "User", Name: `o'hara/100%: "x"`}}
	deep       = Options{Step: Plan, Namespace: "images", Subject: pruner, Deep: true}
	gc         = Options{Step: GC, Namespace: "images", Workload: deployment, Subject: pruner}
	set        = Options{Step: GC, Namespace: "images", Workload: resolve.Ref{Kind: resolve.StatefulSet, Name: "store"}, Subject: Subject{Kind: "Group", Name: "ops"}}
)

// decoded are the manifests, read as strictly as an API server reads them.
func decoded(t *testing.T, text string) (roles []rbacv1.ClusterRole, bindings []rbacv1.ClusterRoleBinding) {
	t.Helper()
	for _, doc := range strings.Split(text, "\n---\n")[1:] {
		var kind struct{ Kind string }
		if err := yaml.Unmarshal([]byte(doc), &kind); err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		if strings.HasSuffix(kind.Kind, "Binding") {
			var b rbacv1.ClusterRoleBinding
			if err := yaml.UnmarshalStrict([]byte(doc), &b); err != nil {
				t.Fatal(err)
			}
			bindings = append(bindings, b)
			continue
		}
		var r rbacv1.ClusterRole
		if err := yaml.UnmarshalStrict([]byte(doc), &r); err != nil {
			t.Fatal(err)
		}
		roles = append(roles, r)
	}
	return roles, bindings
}

func TestYAML(t *testing.T) {
	for name, o := range map[string]Options{"plan": plan, "deep": deep, "apply-outside": outside, "gc": gc, "gc-set": set} {
		text, err := YAML(o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		file := "testdata/" + name + ".yaml"
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		roles, bindings := decoded(t, text)
		if len(roles) == 0 || len(roles) != len(bindings) {
			t.Fatalf("%s: %d roles and %d bindings", name, len(roles), len(bindings))
		}
		for i, r := range roles {
			b := bindings[i]
			if b.RoleRef.Name != r.Name || b.RoleRef.Kind != r.Kind || b.Namespace != r.Namespace || len(b.Subjects) != 1 || b.Subjects[0].Name != o.Subject.Name {
				t.Errorf("%s: role %s/%s is not what %s binds", name, r.Namespace, r.Name, b.Name)
			}
		}
	}
}

// TestLeastPrivilege: nothing is written but to run and to switch one workload, and
// nothing is asked for beyond the steps' own needs.
func TestLeastPrivilege(t *testing.T) {
	for _, o := range []Options{plan, deep, outside, gc, set} {
		text, err := YAML(o)
		if err != nil {
			t.Fatal(err)
		}
		roles, _ := decoded(t, text)
		for _, r := range roles {
			for _, rule := range r.Rules {
				if slices.Contains(rule.Verbs, "*") || slices.Contains(rule.APIGroups, "*") {
					t.Errorf("%s: %v grants everything", r.Name, rule)
				}
				if r.Kind == "ClusterRole" && !(slices.Equal(rule.Verbs, []string{"list"}) || len(rule.ResourceNames) == 1 && rule.Verbs[0] == "get") {
					t.Errorf("%s: %v in all namespaces", r.Name, rule)
				}
				if slices.Contains(rule.Verbs, "patch") && len(rule.ResourceNames) == 0 {
					t.Errorf("%s: %v is not limited to one object", r.Name, rule)
				}
				if o.Step != GC && slices.ContainsFunc(rule.Verbs, func(v string) bool { return v == "patch" || v == "delete" || v == "update" }) {
					t.Errorf("%s: %v writes", r.Name, rule)
				}
			}
		}
	}
}

func TestContradictions(t *testing.T) {
	for want, o := range map[string]Options{
		"no such step":           {Step: "everything"},
		"namespace and workload": {Step: GC, Namespace: "x"},
		"cannot be restarted":    {Step: GC, Namespace: "x", Workload: resolve.Ref{Kind: resolve.ReplicationController, Name: "p"}},
		"need its namespace":     {Step: Plan, Files: true},
		"is not given":           {},
		"needs a namespace":      {Step: Plan, Subject: Subject{Kind: "ServiceAccount", Name: "x"}},
		"no kind of subject":     {Step: Plan, Subject: Subject{Kind: "Robot", Name: "x"}},
	} {
		if text, err := YAML(o); err == nil || !strings.Contains(err.Error(), want) || text != "" {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// Whoever does not yet know who gets the rights can read which they are.
func TestNobodyIsNamed(t *testing.T) {
	for _, o := range []Options{{Step: Plan, Namespace: "images"}, {Step: Apply, Subject: Subject{Kind: "User"}}, {Step: GC, Namespace: "images", Workload: deployment}} {
		text, err := YAML(o)
		if err != nil || !strings.Contains(text, "\n# Replace REPLACE-ME, ") || !strings.Contains(text, `kind: User, name: "REPLACE-ME"`) {
			t.Errorf("%s: %v\n%s", o.Step, err, text)
		}
	}
	for _, step := range []Step{"", "everything"} {
		if _, err := YAML(Options{Step: step}); hint.Of(err) != "use --for plan, --for apply or --for gc" {
			t.Errorf("%q: %v, hint %q", step, err, hint.Of(err))
		}
	}
}

// TestCheck tells what is missing, and what nobody knows.
func TestCheck(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	client, err := kube.NewClient(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	if missing, err := Check(t.Context(), client, plan); err != nil || len(missing) != 0 {
		t.Errorf("everything is allowed: %v, %v", missing, err)
	}
	s.Deny(kubetest.Rule{Verb: "list", Resource: "secrets"}, kubetest.Rule{Resource: "pods/portforward", Namespace: "images"},
		kubetest.Rule{Resource: "deployments", Verb: "patch"}, kubetest.Rule{Resource: "*"})
	for _, tc := range []struct {
		o        Options
		want     string
		commands string
	}{
		{plan, `list secrets in all namespaces; list *.argoproj.io in all namespaces?; create pods/portforward in namespace "images"; get pods/portforward in namespace "images"`,
			"kubectl auth can-i list secrets -A; kubectl auth can-i list *.argoproj.io -A; kubectl auth can-i create pods --subresource=portforward -n images; kubectl auth can-i get pods --subresource=portforward -n images"},
		{gc, `patch deployments.apps "registry" in namespace "images"; create pods/portforward in namespace "images"; get pods/portforward in namespace "images"`,
			"kubectl auth can-i patch deployments.apps/registry -n images; kubectl auth can-i create pods --subresource=portforward -n images; kubectl auth can-i get pods --subresource=portforward -n images"},
	} {
		missing, err := Check(t.Context(), client, tc.o)
		var got, commands []string
		for _, m := range missing {
			text := m.String()
			if m.Unsure {
				text += "?"
			}
			got, commands = append(got, text), append(commands, m.Command())
		}
		if err != nil || strings.Join(got, "; ") != tc.want || strings.Join(commands, "; ") != tc.commands {
			t.Errorf("%s: %v\n got %s\nwant %s\n got %s", tc.o.Step, err, strings.Join(got, "; "), tc.want, strings.Join(commands, "; "))
		}
	}
	s.Faults().Set(kubetest.Fault{On: "selfsubjectaccessreviews", Code: 500})
	missing, err := Check(t.Context(), client, gc)
	if err != nil || len(missing) == 0 || slices.ContainsFunc(missing, func(m Missing) bool { return !m.Unsure }) {
		t.Errorf("a broken server: %v, %v", missing, err)
	}
}

func TestCustomGroups(t *testing.T) {
	got := CustomGroups([]string{"", "apps", "tekton.dev", "gateway.networking.k8s.io", "metrics.k8s.io", "argoproj.io", "tekton.dev"})
	if want := []string{"argoproj.io", "gateway.networking.k8s.io", "tekton.dev"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
