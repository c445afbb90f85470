package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// A repository that the run was not about is refused, and the run is as it was.
func TestRestoreOnlyTypo(t *testing.T) {
	home(t)
	w, _, _ := faulty(t, registrytest.V3)
	made, file := w.planned(t)
	before := links(t, w.server)
	must(t, 0, w.args("apply", file, "--yes")...)
	for _, more := range [][]string{{"--yes"}, {"--check"}} {
		o := must(t, 2, w.args(append([]string{"restore", "last", "--only", "shop/web,shop/mutli"}, more...)...)...)
		o.says(t, `"shop/mutli"`, "hint: it was about shop/multi, shop/web")
		if o.out != "" {
			t.Errorf("%s", o)
		}
	}
	if left := nothingElse(t, w.server, made, before); left != 0 {
		t.Errorf("%d items are back", left)
	}
	if o := must(t, 0, "runs"); !strings.Contains(o.out, " ended ") {
		t.Errorf("%s", o)
	}
	must(t, 0, w.args("apply", "--resume", "last", "--yes")...)
}

// A restore that puts nothing back leaves the run one that can be gone on with.
func TestRestoreUnreached(t *testing.T) {
	home(t)
	w, _, p := faulty(t, registrytest.V3)
	made, file := w.planned(t)
	before := links(t, w.server)
	interrupted(t, w, p, file)
	p.Add(registrytest.Rule{Path: "manifests/", Times: -1, Do: registrytest.Status(http.StatusUnauthorized, "")})
	must(t, 1, w.args("restore", "last", "--yes")...).says(t, "401")
	p.Clear()
	if o := must(t, 0, "runs"); !strings.Contains(o.out, " ended ") {
		t.Errorf("%s", o)
	}
	must(t, 0, w.args("apply", "--resume", "last", "--yes")...)
	if left := nothingElse(t, w.server, made, before); left > 0 {
		t.Errorf("%d items are left", left)
	}
}
