package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// interrupted is a run that got no further than to delete tags or nothing.
func interrupted(t *testing.T, w *world, p *registrytest.Proxy, file string) {
	t.Helper()
	p.Add(registrytest.Rule{Method: http.MethodDelete, Path: "manifests/sha256:[1-9a-f]", Times: -1, Do: registrytest.Status(503, "")})
	if o := regprune(t.Context(), t, w.args("apply", file, "--yes")...); o.code == 0 {
		t.Fatalf("%s", o)
	}
	p.Clear()
}

// unused takes away everything that uses the registry.
func (w *world) unused(c *content) {
	for _, o := range uses(c) {
		if _, namespace := o.(*corev1.Namespace); !namespace {
			w.cluster.Delete(o)
		}
	}
}

// A run is not resumed when nobody seems to use the registry any more, as its plan would
// not be applied.
func TestResumeUnused(t *testing.T) {
	home(t)
	w, c, p := faulty(t, registrytest.V3)
	made, file := w.planned(t)
	before := links(t, w.server)
	interrupted(t, w, p, file)
	w.unused(c)
	left := nothingElse(t, w.server, made, before)
	for _, args := range [][]string{{"apply", file, "--yes"}, {"apply", "--resume", "last", "--yes"}} {
		must(t, exitRefused, w.args(args...)...).says(t, "none is now", "--allow-no-references")
		if now := nothingElse(t, w.server, made, before); now != left {
			t.Errorf("%q: %d of %d items are left", args, now, left)
		}
	}
	must(t, 0, w.args("apply", "--resume", "last", "--yes", "--allow-no-references")...)
	if left := nothingElse(t, w.server, made, before); left > 0 {
		t.Errorf("%d items are left", left)
	}
}

// A plan can be applied again after its run was put back, and limits that would have no
// effect are refused with a run that goes on.
func TestAgainAfterRestore(t *testing.T) {
	home(t)
	w, _, p := faulty(t, registrytest.V3)
	made, file := w.planned(t)
	before := links(t, w.server)
	must(t, 0, w.args("apply", file, "--yes")...)
	must(t, 0, w.args("restore", "last", "--yes")...)
	if left := nothingElse(t, w.server, made, before); left != goes(made) {
		t.Errorf("%d of %d items are back", left, goes(made))
	}
	run := filepath.Base(lastRunDir(t))
	for _, args := range [][]string{{"--dry-run"}, {"--dry-run", "-q"}} {
		must(t, 0, w.args(append([]string{"apply", file}, args...)...)...).says(t, "warning: run "+run+" was about the same plan, and what it deleted was put back")
	}
	o := must(t, 2, w.args("apply", file)...) // there is no terminal to ask at
	if before, _, _ := strings.Cut(o.errOut, "error:"); !strings.Contains(before, "warning: run "+run) {
		t.Errorf("%s", o)
	}
	interrupted(t, w, p, file)
	must(t, 0, w.args("apply", file, "--dry-run")...).says(t, "note: run "+filepath.Base(lastRunDir(t))+" was about the same plan")
	left := nothingElse(t, w.server, made, before)
	for _, limit := range []string{"--max-delete=0", "--allow-empty"} {
		must(t, 2, w.args("apply", "--resume", "last", "--yes", limit)...).says(t, limit[:12], "--resume")
	}
	if now := nothingElse(t, w.server, made, before); now != left {
		t.Errorf("%d of %d items are left", now, left)
	}
	must(t, 0, w.args("apply", "--resume", "last", "--yes")...)
	if left := nothingElse(t, w.server, made, before); left > 0 {
		t.Errorf("%d items are left", left)
	}
}

// lastRunDir is the folder of the newest run.
func lastRunDir(t *testing.T) string {
	t.Helper()
	dir, err := runDir(lastRun, newest)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func goes(p *plan.Plan) int { return p.Totals.TagsDeleted + p.Totals.ManifestsGone }
