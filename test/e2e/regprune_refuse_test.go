//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// nothingToRestart: a registry whose content ends with its pod is not restarted, and
// nothing is deleted for a collection that cannot be.
func nothingToRestart(t *testing.T, c *Cluster) {
	d := c.depot(t, depotSpec{image: "registry:3", lost: true})
	for i := range 4 {
		d.push(t, "app", image(fmt.Sprint("build ", i)), fmt.Sprint(i))
	}
	d.garbage(t, "gone")
	d.ApplyText(t, fmt.Sprintf(useOf, d.port+"/"+d.Name+"/app:3"))
	pod, tags := d.pod(t), fmt.Sprint(d.tags(t, "app"))
	apply := []string{"apply", "--gc", "--yes", "--keep-number", ">=2", "--min-age", "0s"}
	for _, args := range [][]string{{"gc", "--yes"}, apply} {
		if r := d.must(t, 5, args...); !strings.Contains(r.Stderr, "a restart would lose the registry's content") {
			t.Errorf("%s: the refusal does not say why: %s", args[0], r.Stderr)
		}
	}
	if now := d.pod(t); now != pod {
		t.Errorf("the pod is %s, and was %s", now, pod)
	}
	if now := fmt.Sprint(d.tags(t, "app")); now != tags {
		t.Errorf("refused, but deleted: there are %s, and were %s", now, tags)
	}
	if r := d.must(t, 4, "doctor"); !strings.Contains(r.Stdout, "emptyDir") {
		t.Errorf("the doctor says nothing of emptyDir:\n%s", r.Stdout)
	}
	d.must(t, 0, "apply", "--yes", "--keep-number", ">=2", "--min-age", "0s")
	if now := d.listed(t, "app"); len(now) != 2 {
		t.Errorf("without a collection, %v are left", now)
	}
}

// noShell: where nothing can be run, a plan says what it does not know, and there is no
// garbage collection.
func noShell(t *testing.T, c *Cluster) {
	d := c.depot(t, depotSpec{image: "registry-bare:3"})
	for i := range 4 {
		d.push(t, "app", image(fmt.Sprint("build ", i)), fmt.Sprint(i))
	}
	d.ApplyText(t, fmt.Sprintf(useOf, d.port+"/"+d.Name+"/app:0"))
	pod := d.pod(t)
	r := d.must(t, 0, "--keep-number", ">=2")
	if !strings.Contains(r.Stdout+r.Stderr, "untagged manifests and push times are not known") {
		t.Errorf("the plan does not say what is not known:\n%s%s", r.Stdout, r.Stderr)
	}
	for _, args := range [][]string{{"gc", "--yes"}, {"apply", "--gc", "--yes", "--keep-number", ">=2"}} {
		r = d.must(t, 5, args...)
		if !strings.Contains(r.Stderr, "has no tools") || !strings.Contains(r.Stderr, "hint: run an image") || d.pod(t) != pod || len(d.listed(t, "app")) != 4 {
			t.Errorf("%s: %s", args[0], r.Stderr)
		}
	}
	d.must(t, 0, "apply", "--yes", "--keep-number", ">=2")
	if now := d.tags(t, "app"); len(now) != 3 || now["1"] != "" {
		t.Errorf("there are %v", now)
	}
}
