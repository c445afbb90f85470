//go:build e2e

package rbac

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/roots"
)

// What objects of testdata say of their places, which are others here.
var (
	anyNamespace = regexp.MustCompile(`namespace: \w+`)
	address      = regexp.MustCompile(`clusterIP: \d[\d.]*,?`)
)

// findsAll: with the rights of a step, nothing about the registry stays unread, but
// for what is outside of the namespace where the step has no business there.
func findsAll(t *testing.T, client *kube.Client, o Options) {
	t.Helper()
	c, err := locate.Find(t.Context(), client, locate.Query{Namespace: o.Namespace, Ref: &resolve.Ref{Kind: resolve.Deployment, Name: "store"}})
	if err != nil {
		t.Errorf("finding the registry: %v", err)
		return
	}
	if len(c.Unread) != 0 || c.Name() != "svc/"+o.Namespace+"/store:8080" || c.Autoscaler != "store-scaler" || c.Storage.Kind != locate.PVCRWO || len(c.GCJobs) != 1 {
		t.Errorf("%s, unread %q: %+v", c.Name(), c.Unread, c)
	}
	c, err = locate.Find(t.Context(), client, locate.Query{Namespace: o.Namespace, Ref: &resolve.Ref{Kind: resolve.Service, Name: "reg-docker-registry"}})
	if err != nil || !slices.Contains(c.Aliases, "images.example.test") || c.Settings.Source == "" {
		t.Errorf("%+v, %v", c, err)
	}
}

// customGroups are those that the cluster has now.
func customGroups(t *testing.T, cfg *rest.Config) []string {
	t.Helper()
	client, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.ServerGroups()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, g := range list.Groups {
		all = append(all, g.Name)
	}
	return CustomGroups(all)
}

// readsAll: with the rights of a step, and only with them, every kind can be read that
// may name an image.
func readsAll(t *testing.T, as *rest.Config, o Options) {
	t.Helper()
	var deep *graph.Registry
	if o.Deep {
		deep = &graph.Registry{}
	}
	view, err := roots.Read(t.Context(), roots.Cluster{Config: as}, roots.Options{Deep: deep})
	switch {
	case o.Step == GC && err == nil:
		t.Error("a garbage collection may read the whole cluster")
	case o.Step != GC && err != nil:
		t.Errorf("reading the cluster: %v", err)
	case o.Step != GC && len(view.References) == 0:
		t.Errorf("nothing is read: %+v", view)
	}
}

// TestManifestsGrantWhatIsNeeded applies the manifests to a cluster and asks it, as
// their service account, for every right that the step needs: all are there, and they
// were not before. Nothing else is.
func TestManifestsGrantWhatIsNeeded(t *testing.T) {
	kubeconfig := os.Getenv("TESTBED_KUBECONFIG")
	if kubeconfig == "" {
		t.Fatal("TESTBED_KUBECONFIG is not set; run hack/testbed/testbed up and set it to the path that it prints")
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	cfg.QPS = -1
	admin, err := kube.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	kubectl := func(stdin string, args ...string) {
		t.Helper()
		cmd := exec.Command("kubectl", append([]string{"--kubeconfig", kubeconfig}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			t.Errorf("kubectl %v: %v: %s", args, err, stderr.String())
		}
	}
	ns, err := admin.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "rbac-e2e-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kubectl("", "delete", "namespace", ns.Name, "--wait=false") })

	for _, name := range []string{"twuni", "plain"} {
		text, err := os.ReadFile("../locate/testdata/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		own := address.ReplaceAllString(anyNamespace.ReplaceAllString(string(text), "namespace: "+ns.Name), "")
		kubectl(own, "apply", "-f", "-")
	}
	for _, o := range []Options{
		{Step: Plan, Files: true}, {Step: Plan, Deep: true}, {Step: Apply}, {Step: GC, Workload: deployment},
		{Step: GC, Workload: resolve.Ref{Kind: resolve.StatefulSet, Name: "registry"}},
	} {
		t.Run(fmt.Sprintf("%s %s", o.Step, o.Workload.Kind), func(t *testing.T) {
			o.Namespace, o.Groups = ns.Name, customGroups(t, cfg)
			o.Subject = Subject{Kind: "ServiceAccount", Namespace: ns.Name, Name: strings.ToLower(rand.Text()[:8])}
			as := rest.CopyConfig(cfg)
			as.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:" + ns.Name + ":" + o.Subject.Name}
			client, err := kube.NewClient(as)
			if err != nil {
				t.Fatal(err)
			}
			before, err := Check(t.Context(), client, o)
			if err != nil || len(before) == 0 || slices.ContainsFunc(before, func(m Missing) bool { return m.Unsure && m.Resource != "*" }) {
				t.Fatalf("before: %d missing, %v", len(before), err)
			}
			text, err := YAML(o)
			if err != nil {
				t.Fatal(err)
			}
			kubectl(text, "apply", "-f", "-")
			t.Cleanup(func() { kubectl(text, "delete", "-f", "-") })
			if missing, err := Check(t.Context(), client, o); err != nil || len(missing) != 0 {
				t.Errorf("after: %v, %v", missing, err)
			}
			findsAll(t, client, o)
			readsAll(t, as, o)
			more := []Missing{
				{Verb: "delete", Resource: "secrets", Namespace: ns.Name}, {Verb: "patch", Resource: "deployments", Group: "apps", Namespace: ns.Name},
				{Verb: "create", Resource: "pods/exec", Namespace: "kube-system"}, {Verb: "create", Resource: "pods", Namespace: ns.Name}, {Verb: "get", Resource: "secrets", Namespace: ns.Name},
			}
			if o.Step == GC {
				more = append(more, Missing{Verb: "list", Resource: "secrets"}, Missing{Verb: "list", Resource: "pods"})
			}
			for _, m := range more {
				if review(t.Context(), client, m) == nil {
					t.Errorf("may %s", m)
				}
			}
		})
	}
}
