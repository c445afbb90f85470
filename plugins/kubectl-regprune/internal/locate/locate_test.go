package locate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func everywhere() Query { return Query{AllNamespaces: true} }

func (c *Candidate) brief() string {
	return fmt.Sprintf("%s %s %s/%s %q %d/%d %s", c.Name(), c.Scheme, c.Workload, c.Container, c.Version, c.Ready(), c.Replicas, c.Strategy)
}

func (c *Candidate) set() string {
	s := c.Settings
	return fmt.Sprintf("%s %s loses=%t claim=%q delete=%s cache=%s tls=%s readonly=%s/%s auth=%q from=%q",
		s.Driver, c.Storage.Kind, c.Storage.RestartLosesData, c.Storage.Claim, s.Delete, s.Cache, s.TLS, s.ReadOnly, s.ReadOnlyBlock, s.Auth, s.Source)
}

// TestUsualInstallations are found by what their charts and addons leave in a cluster,
// and nothing else is.
func TestUsualInstallations(t *testing.T) {
	for _, tc := range []struct {
		file, brief, set string
		secrets          bool
	}{
		{file: "twuni", brief: `svc/tools/reg-docker-registry:5000 http deployment/reg-docker-registry/docker-registry "2.8.3" 1/1 RollingUpdate`,
			set: `filesystem emptyDir loses=true claim="" delete=yes cache=inmemory tls=no readonly=no/no auth="" from="configmap reg-docker-registry-config"`},
		{file: "minikube", brief: `svc/kube-system/registry:80 http replicationcontroller/registry/registry "2.8.3" 1/1 `,
			set: `filesystem none loses=true claim="" delete=yes cache=inmemory tls=no readonly=no/no auth="" from=""`},
		{file: "microk8s", brief: `svc/container-registry/registry:5000 http deployment/registry/registry "2.8.3" 1/1 Recreate`,
			set: `filesystem pvc-rwx loses=false claim="registry-claim" delete=yes cache=inmemory tls=no readonly=no/no auth="" from=""`},
		{file: "plain", brief: `svc/prod/store:8080 http deployment/store/server "3.0.0" 2/2 RollingUpdate`,
			set: `filesystem pvc-rwo loses=false claim="images" delete=no cache=inmemory tls=no readonly=no/no auth="" from=""`},
		{file: "statefulset", secrets: true, brief: `svc/prod/reg:5443 https statefulset/reg/registry "3.1.1" 1/1 RollingUpdate`,
			set: `filesystem pvc-rwo loses=false claim="data-reg-0" delete=no cache=redis tls=yes readonly=no/yes auth="htpasswd" from="secret registry-conf"`},
		{file: "statefulset", brief: `svc/prod/reg:5443 http statefulset/reg/registry "3.1.1" 1/1 RollingUpdate`,
			set: ` unknown loses=false claim="" delete=unknown cache=unknown tls=unknown readonly=unknown/unknown auth="" from=""`},
		{file: "s3", brief: `deployment/prod/reg:5000 https deployment/reg/registry "3" 3/3 RollingUpdate`,
			set: `s3 s3 loses=false claim="" delete=unknown cache=unknown tls=yes readonly=unknown/no auth="" from=""`},
	} {
		_, client := world(t, tc.file)
		q := everywhere()
		q.Secrets = tc.secrets
		c, err := Find(t.Context(), client, q)
		if err != nil {
			t.Errorf("%s: %v", tc.file, err)
			continue
		}
		if got := c.brief(); got != tc.brief {
			t.Errorf("%s:\n got %s\nwant %s", tc.file, got, tc.brief)
		}
		if got := c.set(); got != tc.set {
			t.Errorf("%s:\n got %s\nwant %s\nunread %q", tc.file, got, tc.set, c.Unread)
		}
		if text, _ := json.Marshal(c); strings.Contains(string(text), "of-the-test") || strings.Contains(fmt.Sprintf("%+v", c.Env), "of-the-test") {
			t.Errorf("%s: a secret shows in %s", tc.file, text)
		}
		if len(c.Evidence) == 0 || c.Score < good {
			t.Errorf("%s: score %d for %q", tc.file, c.Score, c.Evidence)
		}
	}
}

// TestWhatIsNotReadIsTold, lest it be taken for absent.
func TestWhatIsNotReadIsTold(t *testing.T) {
	s, client := world(t, "plain", "statefulset", "s3")
	s.Deny(kubetest.Rule{Resource: "horizontalpodautoscalers"}, kubetest.Rule{Resource: "ingresses"}, kubetest.Rule{Resource: "persistentvolumeclaims"},
		kubetest.Rule{Resource: "services", Verb: "list"}, kubetest.Rule{Resource: "statefulsets"})
	found, err := All(t.Context(), client, everywhere())
	if err != nil || len(found.Candidates) != 3 {
		t.Fatalf("%d found, %v", len(found.Candidates), err)
	}
	if !slices.Contains(found.Unread, "statefulsets in all namespaces (not allowed)") {
		t.Errorf("unread: %q", found.Unread)
	}
	for name, missing := range map[string]string{"deployment/store": "claim images", "deployment/reg": "variables from secret reg-keys", "statefulset/reg": "configuration file /conf/config.yaml from secret registry-conf"} {
		i := slices.IndexFunc(found.Candidates, func(c Candidate) bool { return c.Workload.String() == name })
		if i < 0 {
			t.Errorf("%s is not found", name)
			continue
		}
		all := strings.Join(found.Candidates[i].Unread, "\n")
		for _, want := range []string{missing, "horizontalpodautoscalers in", "ingresses in", "services in"} {
			if !strings.Contains(all, want) {
				t.Errorf("%s: %q is not told of in %s", name, want, all)
			}
		}
	}
	s.Deny(kubetest.Rule{Verb: "list"})
	if _, err := All(t.Context(), client, everywhere()); err == nil || !strings.Contains(err.Error(), "forbidden") || hint.Of(err) == "" {
		t.Errorf("nothing may be listed: %v", err)
	}
}

// TestNamed: whatever is named is taken, found by its service, pod or workload.
func TestNamed(t *testing.T) {
	_, client := world(t, "plain", "minikube", "twuni", "kind")
	for _, tc := range []struct {
		ns, ref string
		port    int
		want    string
	}{
		{"prod", "svc/store-headless", 0, "svc/prod/store-headless:5000"},
		{"prod", "svc/store", 443, "svc/prod/store:443"},
		{"prod", "deploy/store", 0, "svc/prod/store:8080"},
		{"prod", "store-abc12-0", 0, "svc/prod/store:8080"},
		{"prod", "deploy/ui", 0, "deployment/prod/ui:5000"},
		{"kube-system", "rc/registry", 0, "svc/kube-system/registry:80"},
		{"kube-system", "registry-0", 0, "svc/kube-system/registry:80"},
		{"prod", "deploy/none", 0, `no registry found at deployment/none in namespace "prod"`},
		{"prod", "svc/none", 0, `getting service "none" in namespace "prod": services "none" not found`},
	} {
		c, err := Find(t.Context(), client, Query{Ref: named(t, tc.ref), Namespace: tc.ns, Port: tc.port})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = c.Name()
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.ref, got, tc.want)
		}
	}
}

// TestSeveral are listed with the commands that choose, never chosen from.
func TestSeveral(t *testing.T) {
	_, client := world(t, "twuni", "microk8s")
	_, err := Find(t.Context(), client, everywhere())
	want := `more than one registry found, 2 of them:
kubectl regprune -n tools svc/reg-docker-registry --port 5000    # deployment/reg-docker-registry, image registry:2.8.3, 1 of 1 pods ready
kubectl regprune -n container-registry svc/registry --port 5000  # deployment/registry, image registry:2.8.3, 1 of 1 pods ready`
	if !errors.Is(err, ErrSeveral) || err.Error() != want {
		t.Errorf("%v", err)
	}
	_, client = world(t, "twuni", "kind")
	if _, err := Find(t.Context(), client, everywhere()); !errors.Is(err, ErrSeveral) || !strings.Contains(err.Error(), "--registry http://localhost:5001") {
		t.Errorf("one outside: %v", err)
	}
	if _, err := Find(t.Context(), client, Query{Namespace: "tools", Ref: named(t, "svc/reg-docker-registry")}); err != nil {
		t.Errorf("a named one: %v", err)
	}
}

func unspaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// TestNothing says where it looked and what the cluster announces.
func TestNothing(t *testing.T) {
	_, client := world(t, "kind")
	if _, err := Find(t.Context(), client, everywhere()); !errors.Is(err, ErrNone) || !strings.Contains(hint.Of(err), "kubectl regprune --registry http://localhost:5001") {
		t.Errorf("%v (%s)", err, hint.Of(err))
	}
	_, client = world(t)
	if _, err := Find(t.Context(), client, Query{Namespace: "prod"}); err == nil || err.Error() != `no registry found in namespace "prod"` || !strings.Contains(hint.Of(err), "-A") {
		t.Errorf("%v (%s)", err, hint.Of(err))
	}
}

// TestForeignProducts are refused, with what to use instead, and do not stand in the
// way of the one registry that is none.
func TestForeignProducts(t *testing.T) {
	for file, want := range map[string][2]string{
		"harbor":    {"svc/harbor/harbor-registry:5000 is Harbor's registry", "tag retention"},
		"gitlab":    {"deployment/gitlab/gitlab-registry:5000 is GitLab's registry", "cleanup policy"},
		"openshift": {"svc/openshift-image-registry/image-registry:5000 is OpenShift's", "oc adm prune images"},
		"proxy":     {"deployment/prod/mirror:5000 is a pull-through cache", "proxy.ttl"},
	} {
		_, client := world(t, file)
		_, err := Find(t.Context(), client, everywhere())
		if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), want[0]) || !strings.Contains(hint.Of(err), want[1]) {
			t.Errorf("%s: %v (%s)", file, err, hint.Of(err))
		}
	}
	_, client := world(t, "harbor", "gitlab", "openshift", "proxy", "minikube")
	if c, err := Find(t.Context(), client, everywhere()); err != nil || c.Namespace != "kube-system" {
		t.Errorf("%v, %v", c, err)
	}
	_, client = world(t, "harbor", "gitlab")
	if _, err := Find(t.Context(), client, everywhere()); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "tag retention") || !strings.Contains(err.Error(), "cleanup policy") {
		t.Errorf("two: %v", err)
	}
}

// TestAliases are all names under which pods may know the registry.
func TestAliases(t *testing.T) {
	for file, want := range map[string]string{
		"twuni": `reg-docker-registry:5000 reg-docker-registry reg-docker-registry.tools:5000 reg-docker-registry.tools reg-docker-registry.tools.svc:5000
			reg-docker-registry.tools.svc reg-docker-registry.tools.svc.cluster.local:5000 reg-docker-registry.tools.svc.cluster.local 10.96.7.7:5000 10.96.7.7 images.example.test`,
		"microk8s": `registry:5000 registry registry.container-registry:5000 registry.container-registry registry.container-registry.svc:5000 registry.container-registry.svc
			registry.container-registry.svc.cluster.local:5000 registry.container-registry.svc.cluster.local 10.152.1.1:5000 10.152.1.1 localhost:32000 127.0.0.1:32000 192.0.2.7:32000 mk:32000`,
	} {
		_, client := world(t, file)
		c, err := Find(t.Context(), client, everywhere())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.Aliases, " "); got != unspaced(want) {
			t.Errorf("%s:\n got %s\nwant %s", file, got, unspaced(want))
		}
	}
	_, client := world(t, "minikube")
	if c, err := Find(t.Context(), client, everywhere()); err != nil || !slices.Contains(c.Aliases, "localhost:5000") || !slices.Contains(c.Aliases, "registry.kube-system.svc.cluster.local") {
		t.Errorf("minikube: %v, %v", c, err)
	}
}

// TestWhatElseCollects: the chart's own job, and what scales the workload.
func TestWhatElseCollects(t *testing.T) {
	_, client := world(t, "twuni")
	c, err := Find(t.Context(), client, everywhere())
	if err != nil || len(c.GCJobs) != 1 || c.GCJobs[0] != (GCJob{"reg-docker-registry-garbage-collector", "0 1 * * *", false, "its command has garbage-collect"}) {
		t.Errorf("%v, %v", c, err)
	}
	_, client = world(t, "plain")
	if c, err := Find(t.Context(), client, everywhere()); err != nil || c.Autoscaler != "store-scaler" || len(c.GCJobs) != 0 {
		t.Errorf("%v, %v", c, err)
	}
}
