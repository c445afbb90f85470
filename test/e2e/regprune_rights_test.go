//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// grant gives a new service account what "regprune rbac" prints for a step, edited,
// and returns the flags by which commands run as it.
func (d *depot) grant(t testing.TB, step, account string, edit func(string) string) []string {
	t.Helper()
	d.Must(t, "create", "serviceaccount", account)
	roles := d.must(t, 0, "rbac", "--for", step, "--service-account", account, d.workload).Stdout
	// Cluster roles are for everybody; others may have some of the same names.
	roles = strings.ReplaceAll(edit(roles), `"regprune-`, `"`+d.Name+"-"+account+"-")
	d.ApplyText(t, roles)
	t.Cleanup(func() {
		ctx := backgroundFor(t, time.Minute)
		if r := d.run(ctx, strings.NewReader(roles), d.Kubectl, "delete", "-f", "-"); r.Code != 0 {
			t.Errorf("removing roles: %s", r.Stderr)
		}
	})
	return []string{"--as", "system:serviceaccount:" + d.Name + ":" + account}
}

func asPrinted(roles string) string { return roles }

// TestRegpruneRights runs each step with the rights that regprune prints for it, and
// with less. It is not parallel: kinds that others define meanwhile would need rights.
func TestRegpruneRights(t *testing.T) {
	d := Connect(t).depot(t, depotSpec{image: "registry:3"})
	for i := range 4 {
		d.push(t, "app", image(fmt.Sprint("build ", i)), fmt.Sprint(i))
	}
	d.garbage(t, "gone")
	d.ApplyText(t, fmt.Sprintf(useOf, d.port+"/"+d.Name+"/app:0"))
	pod := d.pod(t)
	planner := d.grant(t, "plan", "planner", asPrinted)
	applier := d.grant(t, "apply", "applier", asPrinted)
	collector := d.grant(t, "gc", "collector", asPrinted)
	blind := d.grant(t, "plan", "blind", func(roles string) string {
		return strings.ReplaceAll(roles, `["secrets", "configmaps"]`, `["configmaps"]`)
	})
	plan := []string{"-o", "json", "--keep-number", ">=2", "--min-age", "0s", "--as-of", "2030-01-01"}
	nobody := []string{"--as", "nobody"}

	text := d.must(t, 0, plan...).Stdout
	if as := d.must(t, 0, append(plan, planner...)...).Stdout; steady(as) != steady(text) {
		t.Errorf("with the rights for a plan, the plan is\n%s\nand with all rights\n%s", as, text)
	}
	for who, flags := range map[string][]string{"nobody": nobody, "the collector": collector} {
		if r := d.regprune(t, append(plan, flags...)...); r.Code == 0 || !strings.Contains(r.Stderr, "forbidden") {
			t.Errorf("a plan by %s: exit code %d: %s", who, r.Code, r.Stderr)
		}
	}

	r := d.regprune(t, append(plan, blind...)...)
	if r.Code == 0 || r.Stdout != "" || !strings.Contains(r.Stderr, `"secrets": forbidden`) || !strings.Contains(r.Stderr, "--allow-partial-cluster-view=secrets") {
		t.Errorf("a plan without secrets: exit code %d: %s", r.Code, r.Stderr)
	}
	r = d.must(t, 0, append(plan[2:], append(blind, "--allow-partial-cluster-view=secrets")...)...)
	if !strings.Contains(r.Stdout+r.Stderr, "secrets") {
		t.Errorf("nothing says that secrets were not read:\n%s%s", r.Stdout, r.Stderr)
	}

	file := d.file(t, "plan.json", text)
	for who, flags := range map[string][]string{"the planner": planner, "the applier": applier} {
		if r := d.regprune(t, append([]string{"gc", "--yes"}, flags...)...); r.Code == 0 || !strings.Contains(r.Stderr, "forbidden") || d.pod(t) != pod {
			t.Errorf("a collection by %s: exit code %d: %s", who, r.Code, r.Stderr)
		}
	}
	d.must(t, 0, append([]string{"apply", file, "--yes"}, applier...)...)
	if left := d.listed(t, "app"); len(left) != 3 {
		t.Errorf("%v are left", left)
	}
	r = d.must(t, 0, append([]string{"gc", "--yes", "-o", "json"}, collector...)...)
	var done collected
	if err := json.Unmarshal([]byte(r.Stdout), &done); err != nil || done.FreedBytes == 0 || done.FreedBytes != done.ExpectedBytes {
		t.Errorf("the collection: %s", r.Stdout)
	}
	d.must(t, 0, append([]string{"verify"}, collector...)...)
}
