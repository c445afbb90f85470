//go:build e2e

package collect_test

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

func (c *cluster) undo(t *testing.T, workload string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "kubectl", "--kubeconfig", os.Getenv("TESTBED_KUBECONFIG"), "-n", c.namespace, "rollout", "undo", workload)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// kubectl rollout undo after a run goes back to the read-only revision of it, of a
// Deployment with the annotations of that revision, the run's note among them.
func TestClusterUndone(t *testing.T) {
	t.Parallel()
	c := testCluster(t)
	c.claim(t)
	w := c.deploy(t, "registry:3", dataClaim)
	garbage(t, c.server(t, w), "two")
	before := c.spec(t)
	if _, err := collect.Run(t.Context(), c.options(w)); err != nil {
		t.Fatal(err)
	}
	c.undo(t, "deployment/registry")
	if _, err := collect.Run(t.Context(), c.options(w)); err == nil {
		t.Error("garbage is collected of a registry that is read only")
	}
	q, err := collect.Recover(t.Context(), collect.Recovery{Workload: w, Access: c})
	if err != nil || q == nil {
		t.Fatalf("%+v, %v", q, err)
	}
	t.Logf("undone: %+v", q)
	if after := c.spec(t); after != before {
		t.Errorf("the workload is\n%s\nand was\n%s", after, before)
	}
	c.server(t, w).Push("team/app", image("base", "two"), "again")
}

// Revisions of a StatefulSet have no annotations.
func TestClusterUndoneStatefulSet(t *testing.T) {
	t.Parallel()
	c := testCluster(t)
	c.claim(t)
	c.deploy(t, "registry:3", dataClaim)
	deployments, sets := c.client.AppsV1().Deployments(c.namespace), c.client.AppsV1().StatefulSets(c.namespace)
	d, err1 := deployments.Get(t.Context(), "registry", metav1.GetOptions{})
	err2 := deployments.Delete(t.Context(), "registry", metav1.DeleteOptions{})
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "registry"}, Spec: appsv1.StatefulSetSpec{Selector: d.Spec.Selector, Template: d.Spec.Template}}
	_, err3 := sets.Create(t.Context(), set, metav1.CreateOptions{})
	w, err4 := collect.NewWorkload(c.client, resolve.Ref{Kind: resolve.StatefulSet, Name: "registry"}, c.namespace, "registry")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	c.pods(t, w)
	garbage(t, c.server(t, w), "two")
	if _, err := collect.Run(t.Context(), c.options(w)); err != nil {
		t.Fatal(err)
	}
	c.undo(t, "statefulset/registry")
	recovery := collect.Recovery{Workload: w, Access: c}
	if q, err := collect.Recover(t.Context(), recovery); q != nil || !errors.Is(err, collect.ErrUnnoted) {
		t.Errorf("%+v, %v", q, err)
	}
	recovery.Unnoted = true
	if q, err := collect.Recover(t.Context(), recovery); q == nil || err != nil {
		t.Errorf("%+v, %v", q, err)
	}
	now, err := sets.Get(t.Context(), "registry", metav1.GetOptions{})
	if err != nil || len(now.Annotations) > 0 || len(now.Spec.Template.Spec.Containers[0].Env) != 1 {
		t.Errorf("%v, %+v, %+v", err, now.Annotations, now.Spec.Template.Spec.Containers[0].Env)
	}
	c.server(t, w).Push("team/app", image("base", "two"), "again")
}
