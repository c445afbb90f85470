//go:build e2e

package e2e

import (
	"encoding/json"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// wholeLife prunes a registry twice: once to put all of it back, once with garbage
// collection. What runs from it has to be able to do so again.
func wholeLife(t *testing.T, c *Cluster, image, group string) {
	d := c.depot(t, depotSpec{image: image})
	s := d.fill(t)
	d.use(t, group)
	t.Cleanup(func() { d.forget(t) })
	if r := d.must(t, 0, "doctor"); !strings.Contains(r.Stdout, "0 warnings, 0 failed, 0 not checked") {
		t.Errorf("the doctor says\n%s", r.Stdout)
	}
	args := append([]string{"-o", "json", "--as-of", time.Now().Add(72 * time.Hour).Format(time.DateOnly)}, rules...)
	text := d.must(t, 0, args...).Stdout
	if again := d.must(t, 0, args...).Stdout; steady(again) != steady(text) {
		t.Errorf("the same plan differs:\n%s\n%s", text, again)
	}
	p := planned(t, text)
	if got, want := p.of(d.Name), s.decisions(image == "registry:3"); !maps.Equal(got, want) {
		t.Fatalf("the plan is\n%v\nwant\n%v", got, want)
	}
	if !p.Totals.Exact || p.Totals.GarbageBytes != 0 {
		t.Errorf("totals %+v", p.Totals)
	}
	file := d.file(t, "plan.json", text)
	d.explains(t, file)
	d.thereAndBack(t, s, file)
	if again := d.must(t, 0, args...).Stdout; steady(again) != steady(text) {
		t.Errorf("the plan for what was put back differs:\n%s\n%s", text, again)
	}
	d.forGood(t, s, p, file)
	d.runsAgain(t)
}

// steady is a plan without how many images are in use in the whole cluster, where
// others come and go.
func steady(plan string) string {
	return references.ReplaceAllString(plan, "")
}

var references = regexp.MustCompile(`"references": \d+,`)

// explains asks for the reasons of what is not obvious.
func (d *depot) explains(t testing.TB, file string) {
	t.Helper()
	for tag, want := range map[string]string{
		"run:1": "rollback", "run:2": "shop", "app:941": "CronJob", "app:942": "Fleet", "app:943": "helm-history", "app:944": "not-kept", "app:951": "rule",
	} {
		if r := d.must(t, 0, "why", d.Name+"/"+tag, "--plan", file); !strings.Contains(r.Stdout, want) {
			t.Errorf("why %s says nothing of %q:\n%s", tag, want, r.Stdout)
		}
	}
}

// thereAndBack deletes, and puts everything back.
func (d *depot) thereAndBack(t testing.TB, s stock, file string) {
	t.Helper()
	before := map[string]map[string]string{"app": d.tags(t, "app"), "multi": d.tags(t, "multi"), "run": d.tags(t, "run")}
	d.must(t, 0, "apply", file, "--yes")
	if left := d.tags(t, "app"); len(left) >= len(before["app"]) || left["944"] != "" {
		t.Errorf("after apply there are %v", left)
	}
	d.must(t, 0, "verify", file)
	d.must(t, 0, "restore", "last", "--check")
	d.must(t, 0, "restore", "last", "--yes")
	for repository, want := range before {
		if got := d.tags(t, repository); !maps.Equal(got, want) {
			t.Errorf("put back, %s has %v, and had %v", repository, got, want)
		}
	}
	d.whole(t, s, func(string) bool { return true })
}

// whole pulls what is wanted, to the last byte.
func (d *depot) whole(t testing.TB, s stock, wanted func(name string) bool) {
	t.Helper()
	for name, content := range s {
		repository, reference, _ := strings.Cut(strings.Replace(name, "@", ":", 1), ":")
		err := d.pull(repository, reference, content)
		if wanted(name) && err != nil {
			t.Errorf("pulling %s: %v", name, err)
		}
		if !wanted(name) && err == nil {
			t.Errorf("%s can be pulled", name)
		}
	}
}

// pruned is what these tests read of what apply --gc has done.
type pruned struct {
	Kind      string
	Complete  bool
	Collected collected
	Verified  struct {
		Kind   string
		Intact bool
	}
}

// collected is what they read of what gc has done.
type collected struct {
	Kind                      string
	FreedBytes, ExpectedBytes int64
	Stale, NotListed          []string
	Probed                    int
	ReadOnlyNs                time.Duration
}

// forGood deletes with garbage collection, and checks that it took what the plan said.
func (d *depot) forGood(t testing.TB, s stock, p planDocument, file string) {
	t.Helper()
	settings, stored := d.settings(t), d.stored(t)
	r := d.must(t, 0, "apply", file, "--gc", "--yes", "-o", "json")
	var done pruned
	if err := json.Unmarshal([]byte(r.Stdout), &done); err != nil {
		t.Fatalf("reading the result: %v\n%s", err, r.Stdout)
	}
	if kinds := []string{done.Kind, done.Collected.Kind, done.Verified.Kind}; !slices.Equal(kinds, []string{"ApplyResult", "CollectResult", "VerifyResult"}) {
		t.Fatalf("results %q:\n%s", kinds, r.Stdout)
	}
	gc, freed := done.Collected, stored-d.stored(t)
	t.Logf("freed %d bytes, read-only for %s", freed, gc.ReadOnlyNs)
	if freed == 0 || gc.FreedBytes != freed || gc.ExpectedBytes != freed || p.Totals.ReclaimBytes+p.Totals.GarbageBytes != freed {
		t.Errorf("freed %d bytes; the plan said %d, the result %+v", freed, p.Totals.ReclaimBytes, gc)
	}
	if gc.Probed == 0 || len(gc.Stale)+len(gc.NotListed) > 0 || !done.Complete || !done.Verified.Intact {
		t.Errorf("results %+v", done)
	}
	if now := d.settings(t); now != settings {
		t.Errorf("the workload is\n%s\nand was\n%s", now, settings)
	}
	d.must(t, 0, "verify", file)
	d.must(t, 0, "verify")
	goes := p.of(d.Name)
	d.whole(t, s, func(name string) bool { return goes[name] != "" && strings.HasPrefix(goes[name], "keep") })

	check := d.must(t, 4, "restore", "last", "--check")
	for _, want := range []string{d.Name + "/app:944", "missing"} {
		if !strings.Contains(check.Stdout, want) {
			t.Errorf("what is gone says nothing of %q:\n%s", want, check.Stdout)
		}
	}
	if r := d.must(t, 0, append([]string{"apply", "--yes"}, rules...)...); !strings.Contains(r.Stderr, "nothing to delete") {
		t.Errorf("again:\n%s%s", r.Stdout, r.Stderr)
	}
	if r := d.must(t, 0, "gc", "--yes"); !strings.Contains(r.Stdout, "nothing was restarted") {
		t.Errorf("collecting again:\n%s", r.Stdout)
	}
	if err := d.writable(); err != nil {
		t.Error(err)
	}
}

// forget removes from the node what it has pulled.
func (d *depot) forget(t testing.TB) {
	t.Helper()
	command := d.Testbed(t).Command
	cmd := exec.CommandContext(backgroundFor(t, time.Minute), command[0], append(slices.Clone(command[1:]), "forget", d.port+"/")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("removing images from the node: %v: %s", err, out)
	}
}

// runsAgain loses the pod of the shop, whose image is pulled each time, and then goes
// back to the revision before: the node has never had that one's image.
func (d *depot) runsAgain(t testing.TB) {
	t.Helper()
	imageID := func() string {
		return d.Must(t, "get", "pods", "-l", "app=shop", "-o", "jsonpath={.items[*].status.containerStatuses[0].imageID}")
	}
	id := imageID()
	d.Must(t, "delete", "pod", "-l", "app=shop")
	d.Must(t, "rollout", "status", "--timeout=60s", "deploy/shop")
	if again := imageID(); again != id || !strings.HasPrefix(id, d.port+"/") {
		t.Errorf("the pod has the image %q, and had %q", again, id)
	}
	served := d.served.Load()
	d.Must(t, "rollout", "undo", "deploy/shop")
	d.Must(t, "rollout", "status", "--timeout=60s", "deploy/shop")
	const layer = 1 << 20 // about
	if n := d.served.Load() - served; n < layer {
		t.Errorf("the registry served %d bytes: the node has not pulled", n)
	}
}
