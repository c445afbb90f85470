package render_test

import (
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/doctor"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render/sample"
)

func TestDoctor(t *testing.T) {
	r := &doctor.Report{APIVersion: doctor.APIVersion, Kind: doctor.Kind, Registry: "svc/registry/registry:5000", Checks: []doctor.Check{
		{ID: "reachable", State: doctor.OK, Evidence: "it answers", Why: "w"},
		{ID: "deletion-enabled", State: doctor.Fail, Evidence: evil, Why: "it is off by default", Fix: "set REGISTRY_STORAGE_DELETE_ENABLED=true"},
		{ID: "gc-jobs", State: doctor.Warn, Evidence: "a CronJob", Why: "it loses images"},
		{ID: "exec", State: doctor.NotChecked, Evidence: "not allowed", Why: "it is needed"},
	}}
	var b strings.Builder
	if err := render.Doctor(&b, render.Table, r, render.ResultOptions{}); err != nil {
		t.Fatal(err)
	}
	sample.Golden(t, "doctor.table.txt", b.String())
	if strings.ContainsAny(b.String(), "\x1b\u202e") || strings.Contains(b.String(), "\nINJECTED") {
		t.Errorf("not harmless: %q", b.String())
	}
}
