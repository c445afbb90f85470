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
