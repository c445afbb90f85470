package outdir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/outdir"
)

func web(pod string) resolve.Target {
	return resolve.Target{Context: "staging", Namespace: "prod", Pod: pod, Container: "app"}
}

// listing is what a folder holds: "name=content name=content".
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if info, err := e.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
		if e.Name() != outdir.Results {
			fmt.Fprintf(&b, "%s=%s ", e.Name(), text)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	targets := []resolve.Target{web("web-0"), web("web-1"), web("web-2")}
	d, err := outdir.Open(dir, targets, false)
	if err != nil {
		t.Fatal(err)
	}
	out, errOut := d.Open(0)
	fmt.Fprint(out, "a\x00\xff", "%d")
	fmt.Fprint(errOut, "no newline")
	d.Open(1)
	stuck, _ := d.Open(2)
	fmt.Fprint(stuck, "so far")
	for i, r := range []engine.Result{
		{Target: targets[0], Outcome: podexec.Failed, ExitCode: 3, StartedAt: time.Unix(1, 0), Duration: 1500 * time.Millisecond, Attempts: 1},
		{Target: targets[1], Outcome: podexec.OK, StartedAt: time.Unix(1, 0)},
	} {
		if err := d.Landed(i, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Landed(3, engine.Result{Target: web("off"), Outcome: engine.Skipped, ExitCode: engine.Unknown, Reason: "pending"}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(t.Context()); err != nil { // an interrupt: the third never landed
		t.Fatal(err)
	}
	const want = "prod_web-0_app.err=no newline prod_web-0_app.out=a\x00\xff%d prod_web-1_app.err= prod_web-1_app.out= " +
		"prod_web-2_app.err= prod_web-2_app.out=so far"
	if got := listing(t, dir); got != want {
		t.Errorf("files %q, want %q", got, want)
	}
	checkResults(t, dir)
}

func checkResults(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, outdir.Results))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	var first, last map[string]any
	if len(lines) != 3 || json.Unmarshal(lines[0], &first) != nil || json.Unmarshal(lines[2], &last) != nil {
		t.Fatalf("results: %s", text)
	}
	for name, want := range map[string]any{"context": "staging", "exitCode": 3.0, "stdoutFile": "prod_web-0_app.out", "stdoutBytes": 5.0,
		"stderrBytes": 10.0, "durationSeconds": 1.5, "reason": "exit code 3", "startedAt": "1970-01-01T00:00:01Z"} {
		if first[name] != want {
			t.Errorf("%s is %v, want %v", name, first[name], want)
		}
	}
	if _, has := last["stdoutFile"]; has || last["exitCode"] != nil || last["startedAt"] != nil || last["reason"] != "pending" {
		t.Errorf("skipped: %v", last)
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("x", 250)
	other := web("b")
	other.Context = "arn:aws:eks:eu_1/prod"
	for _, tc := range []struct {
		targets []resolve.Target
		want    []string
	}{
		{[]resolve.Target{{Namespace: "..", Pod: "../../etc/passwd", Container: ".hidden"}}, []string{"%2E._%2E.%2F..%2Fetc%2Fpasswd_%2Ehidden"}},
		{[]resolve.Target{{Namespace: "a_b", Pod: "c", Container: "d\x00\n"}}, []string{"a%5Fb_c_d%00%0A"}},
		{[]resolve.Target{web("a"), other}, []string{"staging_prod_a_app", "arn%3Aaws%3Aeks%3Aeu%5F1%2Fprod_prod_b_app"}},
		{[]resolve.Target{web(long + "1"), web(long + "2")}, nil},
	} {
		dir := t.TempDir()
		d, err := outdir.Open(dir, tc.targets, false)
		if err != nil {
			t.Fatal(err)
		}
		for i := range tc.targets {
			out, _ := d.Open(i)
			fmt.Fprint(out, i)
			if err := d.Landed(i, engine.Result{Target: tc.targets[i], Outcome: podexec.OK}); err != nil {
				t.Error(err)
			}
		}
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
		got := listing(t, dir)
		for i, name := range tc.want {
			if !strings.Contains(" "+got, fmt.Sprintf(" %s.out=%d", name, i)) {
				t.Errorf("no %s.out in %q", name, got)
			}
		}
		if n := strings.Count(got, ".out="); n != len(tc.targets) {
			t.Errorf("%d files for %d targets: %q", n, len(tc.targets), got)
		}
	}
}

func TestEarlierFilesAreSafe(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "precious")
	for path, text := range map[string]string{elsewhere: "precious", filepath.Join(dir, "prod_a_app.out"): "earlier"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "prod_a_app.err")); err != nil {
		t.Fatal(err)
	}
	targets := []resolve.Target{web("a")}
	if _, err := outdir.Open(dir, targets, false); err == nil || hint.Of(err) == "" {
		t.Fatalf("a folder with files is taken, error %v", err)
	}
	d, err := outdir.Open(dir, targets, true)
	if err != nil {
		t.Fatal(err)
	}
	out, errOut := d.Open(0)
	fmt.Fprint(out, "new")
	fmt.Fprint(errOut, "new")
	if err := errors.Join(d.Landed(0, engine.Result{Target: targets[0], Outcome: podexec.OK}), d.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := listing(t, dir); got != "prod_a_app.err=new prod_a_app.out=new" {
		t.Errorf("files %q", got)
	}
	if text, err := os.ReadFile(elsewhere); string(text) != "precious" {
		t.Errorf("written through a link: %q, %v", text, err)
	}
}

// What appears in the folder meanwhile is not this run's, and stays.
func TestSomebodyElsesFile(t *testing.T) {
	dir := t.TempDir()
	d, err := outdir.Open(dir, []resolve.Target{web("a")}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(t.Context())
	if err := os.WriteFile(filepath.Join(dir, "prod_a_app.out"), []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := d.Open(0)
	if _, err := fmt.Fprint(out, "mine"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v", err)
	}
}
