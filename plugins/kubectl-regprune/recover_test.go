package main

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

// "kubectl rollout undo" goes back to a revision that is read-only, and has no note of the
// run: that is said, and the variable removed if the user wants it.
func TestRecoverAfterUndo(t *testing.T) {
	home(t)
	w := start(t, registrytest.V3, registrytest.Options{})
	c := fill(t, w.server)
	w.cluster.Put(uses(c)...)
	w.site.mu.Lock()
	undone := w.site.deployment.DeepCopy()
	w.site.mu.Unlock()
	undone.Spec.Template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: collect.Variable, Value: collect.Value}}
	body, err := json.Marshal(undone)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.site.change(body); err != nil {
		t.Fatal(err)
	}
	must(t, exitRefused, w.args("gc", "--yes")...).says(t, "kubectl regprune recover")
	const command = "kubectl -n images set env deployment/registry -c registry " + collect.Variable + "-"
	must(t, 2, w.args("recover")...).says(t, "no run has noted", "rollout undo", command, "--yes")
	if env := w.site.env(); len(env) != 1 {
		t.Errorf("the variables are %q", env)
	}
	must(t, 0, w.args("recover", "--yes")...).says(t, "is removed")
	if env := w.site.env(); len(env) > 0 || w.site.deployment.Annotations[collect.Annotation] != "" {
		t.Errorf("the variables are %q, the annotations %q", env, w.site.deployment.Annotations)
	}
	if ok, err := w.server.Client().Writable(t.Context(), "shop/web"); !ok || err != nil {
		t.Errorf("the registry takes no pushes: %v", err)
	}
	must(t, 0, w.args("recover")...).says(t, "nothing to recover")
}
