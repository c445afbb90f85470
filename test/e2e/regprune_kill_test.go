//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// begin starts "kubectl regprune" so that it can be killed.
func (d *depot) begin(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	d.Plugin(t, "kubectl-regprune")
	cmd := d.Command(t.Context(), d.Kubectl, append([]string{"regprune", "-n", d.Name}, args...)...)
	cmd.Env = append(cmd.Env, d.habits()...)
	return cmd
}

// garbage leaves something to collect.
func (d *depot) garbage(t testing.TB, about string) {
	t.Helper()
	c := d.push(t, "app", image(about))
	if _, err := d.want(202, "DELETE", "/v2/"+d.Name+"/app/manifests/"+c.Digest, nil, ""); err != nil {
		t.Fatal(err)
	}
}

// killedCollection kills a garbage collection as soon as it says that it is at a step,
// and recovers from it.
func killedCollection(t *testing.T, c *Cluster, image_, env string, steps ...string) {
	d := c.depot(t, depotSpec{image: image_, env: env})
	kept := d.push(t, "app", image("kept"), "kept")
	settings := d.settings(t)
	for i, step := range steps {
		d.garbage(t, step)
		cmd := d.begin(t, "gc", "--yes")
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		reached := false
		for lines := bufio.NewScanner(stderr); !reached && lines.Scan(); {
			reached = strings.HasPrefix(lines.Text(), step+": ")
		}
		time.Sleep(time.Duration(i+1) * 100 * time.Millisecond) // into the step
		cmd.Process.Kill()                                      // it may have ended, which Wait tells
		if err := cmd.Wait(); err == nil || !reached {
			t.Fatalf("it was not killed while %s: %v", step, err)
		}
		began := time.Now()
		r := d.must(t, 0, "recover")
		took := time.Since(began)
		t.Logf("killed while %s, recovered in %s: %s", step, took.Round(time.Millisecond), strings.TrimSpace(r.Stderr))
		if err := d.writable(); err != nil || took > time.Minute || !strings.Contains(r.Stderr, "recovered from run") {
			t.Errorf("killed while %s: after %s: %v\n%s", step, took, err, r.Stderr)
		}
		if now := d.settings(t); now != settings {
			t.Errorf("killed while %s: the workload is\n%s\nand was\n%s", step, now, settings)
		}
		d.push(t, "app", image("after "+step), fmt.Sprint(i))
	}
	if r := d.must(t, 0, "recover"); !strings.Contains(r.Stderr, "nothing to recover") {
		t.Errorf("recovering again: %s", r.Stderr)
	}
	d.must(t, 0, "gc", "--yes")
	d.must(t, 0, "verify")
	if err := d.pull("app", "kept", kept); err != nil {
		t.Error(err)
	}
	for i, step := range steps {
		if err := d.pull("app", fmt.Sprint(i), image("after "+step).Build()); err != nil {
			t.Error(err)
		}
	}
}

// killedApply kills a deletion twice, and has it go on to the end.
func killedApply(t *testing.T, c *Cluster, image string) {
	d := c.depot(t, depotSpec{image: image})
	const tags = 150
	err := registrytest.Seed(d.folder, registrytest.Spec{Repositories: 1, Tags: tags, Name: func(int) string { return d.Name + "/app" }})
	if err != nil {
		t.Fatal(err)
	}
	d.ApplyText(t, fmt.Sprintf(useOf, d.port+"/"+d.Name+"/app:7"))
	want := d.tags(t, "app")
	maps.DeleteFunc(want, func(tag, _ string) bool { return tag != "7" && (len(tag) < 3 || tag < "130") })
	text := d.must(t, 0, "-o", "json", "--keep-number", ">=130", "--min-age", "0s", "--max-delete", "90%").Stdout
	run := []string{"apply", d.file(t, "plan.json", text), "--yes"}
	for range 2 {
		cmd := d.begin(t, run...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		d.awaitJournal(t)
		cmd.Process.Kill() // it may have ended, which Wait tells
		if err := cmd.Wait(); err == nil {
			t.Fatal("it was not killed")
		}
		run = []string{"apply", "--resume", "last", "--yes"}
	}
	left := len(d.listed(t, "app"))
	t.Logf("killed with %d of %d tags left", left, tags)
	if left <= len(want) || left >= tags {
		t.Errorf("killed with %d of %d tags left: not in the middle", left, tags)
	}
	d.must(t, 0, run...)
	if got := d.tags(t, "app"); !maps.Equal(got, want) {
		t.Errorf("there are %d tags, want %d", len(got), len(want))
	}
	d.must(t, 0, "verify", d.file(t, "plan.json", text))
}

// awaitJournal waits until the run has deleted some more.
func (d *depot) awaitJournal(t testing.TB) {
	t.Helper()
	lines := func() int {
		n := 0
		files, _ := filepath.Glob(filepath.Join(d.home, "state", "kubectl-suite", "regprune", "*", "journal*")) // the pattern is right
		for _, f := range files {
			n += linesOf(t, f)
		}
		return n
	}
	before := lines()
	for range 2000 {
		if lines() > before+15 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nothing was deleted")
}

func linesOf(t testing.TB, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}

// useOf is an object that uses an image without running it.
const useOf = `
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  suspend: true
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: nightly, image: "%s"}]}}}}
`
