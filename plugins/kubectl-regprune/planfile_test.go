package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// A plan is applied in each format that can be read again, and its run is one like all
// others.
func TestPlanFiles(t *testing.T) {
	for _, format := range []string{"json", "yaml"} {
		t.Run(format, func(t *testing.T) {
			home(t)
			w, _, p := faulty(t, registrytest.V3)
			o := must(t, 0, w.args(append([]string{"-o", format}, rules...)...)...)
			made, err := plan.Parse([]byte(o.out))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "plan."+format)
			if err := os.WriteFile(file, []byte(o.out), 0o600); err != nil {
				t.Fatal(err)
			}
			before := links(t, w.server)
			must(t, 0, w.args("apply", file, "--dry-run")...)
			interrupted(t, w, p, file)
			must(t, 0, w.args("apply", "--resume", "last", "--yes")...)
			if left := nothingElse(t, w.server, made, before); left > 0 {
				t.Errorf("%d items are left", left)
			}
			must(t, 0, w.args("verify", file)...)
			must(t, 0, w.args("why", "shop/web:5", "--plan", file)...)
			must(t, 0, w.args("restore", "last", "--yes")...)
			if left := nothingElse(t, w.server, made, before); left != goes(made) {
				t.Errorf("%d of %d items are back", left, goes(made))
			}
		})
	}
}
