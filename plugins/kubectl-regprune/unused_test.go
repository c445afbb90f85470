package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// A rule that is misspelled is shown wherever nobody reads the plan: in the file that is
// written for apply, and by apply that does not ask.
func TestMisspelledRule(t *testing.T) {
	home(t)
	w := start(t, registrytest.V3, registrytest.Options{})
	c := fill(t, w.server)
	w.cluster.Put(uses(c)...)
	misspelled := append([]string{"--keep", "latset"}, rules...)
	const warning = `warning: rule 1 (keep tag "latset") matches no tag`
	for _, format := range []string{"json", "yaml", "name", "markdown", "html"} {
		for _, quiet := range []string{"--quiet=false", "--quiet"} {
			o := must(t, 0, w.args(append([]string{"-o", format, quiet}, misspelled...)...)...)
			o.says(t, warning+"\n")
			if format != "name" && !strings.Contains(o.out, "matches no tag") {
				t.Errorf("%s says nothing of it", format)
			}
		}
	}
	o := must(t, 0, w.args(append([]string{"-o", "table"}, misspelled...)...)...)
	if !strings.Contains(o.out, "Note       "+strings.TrimPrefix(warning, "warning: ")) || strings.Contains(o.errOut, warning) {
		t.Errorf("%s", o)
	}
	if o := must(t, 0, w.args(append([]string{"-o", "json"}, rules...)...)...); strings.Contains(o.errOut, "warning") {
		t.Errorf("%s", o)
	}

	o = must(t, 0, w.args(append([]string{"-o", "json"}, misspelled...)...)...)
	file := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(file, []byte(o.out), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--dry-run"}, {"--dry-run", "-q"}, {"--yes", "-q"}, {"--yes"}} {
		o := must(t, 0, w.args(append([]string{"apply", file}, args...)...)...)
		if n := strings.Count(o.errOut, strings.TrimPrefix(warning, "warning: ")); n != 1 {
			t.Errorf("%q: %s", args, o)
		}
	}
}
