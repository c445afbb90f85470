//go:build e2e

package e2e

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"
)

// TestRegprune prunes registries in the cluster, each in a namespace of its own. They
// share a kind of objects that the cluster has only meanwhile.
func TestRegprune(t *testing.T) {
	t.Parallel()
	c := Connect(t)
	c.Plugin(t, "kubectl-regprune")
	group := c.fleets(t)
	for name, test := range map[string]func(t *testing.T){
		"whole life 2": func(t *testing.T) { wholeLife(t, c, "registry:2", group) },
		"whole life 3": func(t *testing.T) { wholeLife(t, c, "registry:3", group) },

		"killed collection 2": func(t *testing.T) { killedCollection(t, c, "registry:2", "", "quiescing", "collecting") },
		"killed collection 3": func(t *testing.T) {
			killedCollection(t, c, "registry:3", `- {name: REGISTRY_STORAGE_MAINTENANCE, value: "{uploadpurging: {enabled: false}}"}`, "checking", "collecting", "restoring")
		},
		"killed apply 2": func(t *testing.T) { killedApply(t, c, "registry:2") },
		"killed apply 3": func(t *testing.T) { killedApply(t, c, "registry:3") },

		"pushes meanwhile 2": func(t *testing.T) { pushesMeanwhile(t, c, depotSpec{image: "registry:2", stateful: true}) },
		"pushes meanwhile 3": func(t *testing.T) { pushesMeanwhile(t, c, depotSpec{image: "registry:3"}) },

		"nothing to restart": func(t *testing.T) { nothingToRestart(t, c) },
		"no shell":           func(t *testing.T) { noShell(t, c) },
		"password":           func(t *testing.T) { withPassword(t, c) },
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t) })
	}
}

// fleets defines a kind whose objects have pod templates, and returns its group.
func (c *Cluster) fleets(t testing.TB) string {
	t.Helper()
	group := "e2e-" + strings.ToLower(rand.Text()[:8]) + ".example.test"
	n := &Namespace{c, "default"}
	t.Cleanup(func() {
		if r := c.run(backgroundFor(t, time.Minute), nil, c.Kubectl, "delete", "crd", "fleets."+group); r.Code != 0 {
			t.Errorf("removing the kind: %s", r.Stderr)
		}
	})
	n.Apply(t, "regprune-crd.yaml", "GROUP", group)
	n.Must(t, "wait", "--for=condition=Established", "--timeout=30s", "crd/fleets."+group)
	return group
}

// backgroundFor is a context for what happens after a test, too.
func backgroundFor(t testing.TB, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}
