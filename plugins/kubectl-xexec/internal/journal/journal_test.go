package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

func newStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "state", "kubectl-xexec"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func targets(n int) []Target {
	var list []Target
	for i := range n {
		list = append(list, Target{Context: "prod", Namespace: "default", Pod: fmt.Sprintf("web-%d", i), UID: fmt.Sprint("uid-", i), Container: "app"})
	}
	return list
}

func begin(t *testing.T, s *Store, h Header) *Writer {
	t.Helper()
	w, err := s.Begin(h)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func loaded(t *testing.T, s *Store, name string) *Run {
	t.Helper()
	r, err := s.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func outcomes(r *Run) string {
	var list []string
	for _, row := range r.Rows {
		list = append(list, string(row.Outcome))
	}
	return strings.Join(list, " ")
}

func TestARunComesBackAsItWas(t *testing.T) {
	s := newStore(t)
	found := []resolve.Target{{Context: "prod", Namespace: "n", Pod: "a", UID: "u", Container: "c", Node: "n1", Workload: "deploy/a", IP: "10.0.0.1"}}
	h := Header{Version: "v1", Contexts: []string{"prod"}, Args: []string{"a", "--", "true"},
		Targets: TargetsOf(found, []resolve.Skip{{Target: resolve.Target{Namespace: "n", Pod: "b"}, Reason: "pending"}})}
	w := begin(t, s, h)
	out, err := Keep(strings.NewReader("some text\n"), strings.NewReader("trouble"))
	if err != nil {
		t.Fatal(err)
	}
	result := engine.Result{Outcome: podexec.Failed, ExitCode: 0x1_0000_0000, Reason: "exit code", Verified: true, Left: engine.LeftEnded,
		Attempts: 2, StartedAt: time.Now().UTC().Round(0), Duration: time.Second}
	row := RowOf(result)
	row.Fingerprint, row.Output = "abc", out
	w.Started(0)
	w.Landed(0, row)
	w.Landed(1, RowOf(engine.Result{Outcome: engine.Skipped, ExitCode: engine.Unknown, Reason: "pending"}))
	if err := w.End(End{ExitCode: 1, Duration: time.Minute}); err != nil {
		t.Fatal(err)
	}
	r := loaded(t, s, "last")
	if r.ID != w.ID() || r.State != Complete || r.Damaged || r.Total != 2 || r.End.ExitCode != 1 || r.End.Counts[podexec.Failed] != 1 {
		t.Errorf("run %+v", r)
	}
	if diff := cmp.Diff(h, r.Header); diff != "" {
		t.Errorf("header:\n%s", diff)
	}
	if diff := cmp.Diff(row, r.Rows[0]); diff != "" {
		t.Errorf("row:\n%s", diff)
	}
	if r.Rows[1].ExitCode != nil {
		t.Error("an unknown exit code became a known one")
	}
	if got := r.Targets[0].Resolved(); got != found[0] {
		t.Errorf("target %+v, want %+v", got, found[0])
	}
	stdout, stderr, err := r.Rows[0].Output.Text()
	if string(stdout) != "some text\n" || string(stderr) != "trouble" || err != nil {
		t.Errorf("output %q, %q, %v", stdout, stderr, err)
	}
	list, err := s.List()
	if err != nil || len(list) != 1 || list[0].State != Complete || list[0].Total != 2 || list[0].End.Counts[engine.Skipped] != 1 || list[0].Rows != nil {
		t.Errorf("list %+v, %v", list, err)
	}
}

func TestOutputIsBounded(t *testing.T) {
	noise := make([]byte, 3*MaxOutput)
	src := rand.NewChaCha8([32]byte{1})
	//nolint:errcheck // it never fails
	src.Read(noise)
	for _, tc := range []struct{ out, err, keptOut, keptErr int }{
		{10, 20, 10, 20},
		{MaxOutput, 0, MaxOutput, 0},
		{MaxOutput + 1, 0, MaxOutput, 0},
		{3 * MaxOutput, 10, MaxOutput - 10, 10},
		{10, 3 * MaxOutput, 10, MaxOutput - 10},
		{3 * MaxOutput, 3 * MaxOutput, MaxOutput * 3 / 4, MaxOutput / 4},
	} {
		o, err := Keep(bytes.NewReader(noise[:tc.out]), bytes.NewReader(noise[:tc.err]))
		if err != nil {
			t.Fatal(err)
		}
		stdout, stderr, err := o.Text()
		if len(stdout) != tc.keptOut || len(stderr) != tc.keptErr || err != nil || o.Cut != (tc.out+tc.err > tc.keptOut+tc.keptErr) {
			t.Errorf("of %d and %d bytes %d and %d were kept, cut %v, error %v", tc.out, tc.err, len(stdout), len(stderr), o.Cut, err)
		}
	}
	broken := errors.New("bad sector")
	if _, err := Keep(failing{broken}, nil); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}

	s := newStore(t)
	const n = 5
	w := begin(t, s, Header{Targets: targets(n)})
	w.outputs = maxOutputs - 3*MaxOutput // two of them, as base64
	for i := range n {
		o, err := Keep(bytes.NewReader(noise[:MaxOutput]), nil)
		if err != nil {
			t.Fatal(err)
		}
		w.Landed(i, Row{Outcome: podexec.OK, Output: o})
	}
	if err := w.End(End{}); err != nil {
		t.Fatal(err)
	}
	r := loaded(t, s, "last")
	kept := 0
	for _, row := range r.Rows {
		if !row.Output.Dropped {
			kept++
		}
	}
	if kept != 2 || !r.Rows[n-1].Output.Dropped {
		t.Errorf("%d outputs kept, want 2", kept)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestSelect(t *testing.T) {
	s := newStore(t)
	w := begin(t, s, Header{Targets: targets(5)})
	for i, o := range []podexec.Outcome{podexec.OK, podexec.Failed, podexec.Denied, podexec.Failed, engine.Skipped} {
		w.Landed(i, Row{Outcome: o})
	}
	if err := w.End(End{}); err != nil {
		t.Fatal(err)
	}
	r := loaded(t, s, w.ID())
	for name, want := range map[string]string{"failed": "web-1 web-3", "denied": "web-2", "skipped": "web-4", "lost": "",
		NotOK: "web-1 web-2 web-3 web-4", All: "web-0 web-1 web-2 web-3 web-4"} {
		var got []string
		for _, x := range r.Select(name) {
			got = append(got, x.Pod)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s selects %q, want %q", name, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	of := func(prints ...string) (rows []Row) {
		for _, p := range prints {
			rows = append(rows, Row{Outcome: podexec.OK, Fingerprint: p})
		}
		return rows
	}
	before := &Run{Header: Header{Targets: targets(4)}, Rows: of("a", "b", "", "d")}
	now := targets(5)[1:]
	now[2].UID = "another pod of the same name"
	now = append(now[:2:2], now[3]) // 1, 2, 4
	var got []string
	for _, c := range before.Compare(now, of("x", "y", "z")) {
		got = append(got, c.Target.Pod+" "+string(c.Kind))
		if (c.Before == nil) != (c.Kind == New) || (c.After == nil) != (c.Kind == Gone) {
			t.Errorf("change %+v", c)
		}
	}
	want := []string{"web-1 changed", "web-2 unclear", "web-4 new", "web-0 gone", "web-3 gone"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	same := targets(1)
	same[0].UID = "restarted"
	if c := before.Compare(same, of("a")); c[0].Kind != Same {
		t.Errorf("change %+v", c[0])
	}
}

func TestRedact(t *testing.T) {
	args := strings.Fields("web --env A=secret --env=B=secret --env C --token secret --password=secret --token=secret --proxy-url http://me:secret@proxy -n prod --env-file f -- sh --env X=kept")
	got := strings.Join(Redact(args), " ")
	if want := "web --env A=… --env=B=… --env C --token … --password=… --token=… --proxy-url … -n prod --env-file f -- sh --env X=kept"; got != want {
		t.Errorf("redacted to\n%s\nwant\n%s", got, want)
	}
	if got := Redact([]string{"--env"}); len(got) != 1 {
		t.Errorf("redacted to %q", got)
	}
}

func TestFind(t *testing.T) {
	list := []stored{{id: "261125-071219-k3fx"}, {id: "261125-060000-aaaa"}, {id: "261124-060000-bbbb"}}
	for name, want := range map[string]string{"last": "261125-071219-k3fx", "-1": "261125-071219-k3fx", "-3": "261124-060000-bbbb",
		"-4": "", "aaaa": "261125-060000-aaaa", "261124": "261124-060000-bbbb", "261125": "", "": "", "aaa": "", "261125-071219-k3fx": "261125-071219-k3fx"} {
		f, err := find(list, name)
		if f.id != want || (err == nil) != (want != "") {
			t.Errorf("%q finds %q, error %v", name, f.id, err)
		}
		if unique := name != "261125"; err != nil && errors.Is(err, ErrNoRun) != unique {
			t.Errorf("%q: error %v", name, err)
		}
	}
}
