package journal

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// childVar names the folder for a process that is killed in the middle of a run.
const childVar = "JOURNAL_TEST_DIR"

// child begins a run with 4 targets, of which it finishes one and starts another,
// and waits to be killed.
func child(dir string) int {
	s, err := Open(dir)
	if err != nil {
		return 1
	}
	w, err := s.Begin(Header{Targets: targets(4)})
	if err != nil {
		return 1
	}
	w.Started(0)
	w.Landed(0, Row{Outcome: podexec.OK})
	w.Started(2)
	fmt.Println("ready")
	select {}
}

func TestKilledRun(t *testing.T) {
	s := newStore(t)
	cmd := exec.Command(os.Args[0]) // this very test
	cmd.Env = append(os.Environ(), childVar+"="+s.dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}
	r := loaded(t, s, "last")
	if got := outcomes(r); r.State != Running || got != "ok waiting running waiting" {
		t.Errorf("while it runs: %s, %s", r.State, got)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if cmd.Wait() == nil {
		t.Error("the child ended well")
	}
	r = loaded(t, s, "last")
	if got := outcomes(r); r.State != Interrupted || r.Damaged || got != "ok not-started lost not-started" {
		t.Errorf("killed: %s, damaged %v, %s", r.State, r.Damaged, got)
	}
	if n := len(r.Select("not-started")); n != 2 {
		t.Errorf("%d targets to start, want 2", n)
	}
	list, err := s.List()
	if err != nil || len(list) != 1 || list[0].State != Interrupted || list[0].End.Counts[podexec.Lost] != 1 {
		t.Errorf("list %+v, %v", list, err)
	}
}

// aborted is a run like that of the child, as text.
func aborted(t *testing.T) (s *Store, path, text string) {
	t.Helper()
	s = newStore(t)
	w := begin(t, s, Header{Targets: targets(4)})
	w.Started(0)
	w.Landed(0, Row{Outcome: podexec.OK})
	w.Started(2)
	w.file.Close()
	w.root.Close()
	path = filepath.Join(s.dir, w.ID()+suffix)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return s, path, string(b)
}

func TestTornAndDamagedLines(t *testing.T) {
	s, path, text := aborted(t)
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	for name, tc := range map[string]struct {
		text, want string
		damaged    bool
	}{
		"whole":              {text, "ok not-started lost not-started", false},
		"torn landing":       {text + `{"kind":"landed","index":2,"outc`, "ok not-started lost not-started", false},
		"torn start":         {text + `{"kind":"sta`, "ok not-started lost not-started", false},
		"another boot":       {strings.Replace(text, boot(), strings.Repeat("0", 36), 1), "ok lost lost lost", true},
		"garbage":            {text + "\x00\x00\x00\n", "ok lost lost lost", true},
		"foreign index":      {text + `{"kind":"started","index":7}` + "\n", "ok lost lost lost", true},
		"a start is garbled": {strings.Join(append(lines[:5:5], strings.Replace(lines[5], "started", "stXrted", 1)), ""), "lost lost lost lost", true},
		"a line is endless":  {text + strings.Repeat("x", 2*maxLine) + "\n", "ok lost lost lost", true},
		"a target is gone":   {strings.Join(append(lines[:2:2], lines[3:]...), ""), "ok", true},
	} {
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := loaded(t, s, "last")
		if got := outcomes(r); got != tc.want || r.Damaged != tc.damaged || r.State != Interrupted {
			t.Errorf("%s: %s, damaged %v, %s; want %s, damaged %v", name, got, r.Damaged, r.State, tc.want, tc.damaged)
		}
	}
	broken := strings.TrimSuffix(path, suffix) + partial
	if err := errors.Join(os.Remove(path), os.WriteFile(broken, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	if r := loaded(t, s, "last"); !r.Damaged || outcomes(r) != "ok lost lost lost" {
		t.Errorf("a run that could not be written: damaged %v, %s", r.Damaged, outcomes(r))
	}
	if err := os.WriteFile(broken, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Load("last"); err == nil {
		t.Errorf("a file without a header is run %+v", r)
	}
}

func FuzzRead(f *testing.F) {
	header := `{"kind":"run","format":1,"id":"x","targets":2,"args":[]}` + "\n"
	rows := `{"kind":"target","index":0,"pod":"a"}` + "\n" + `{"kind":"target","index":1,"pod":"b"}` + "\n"
	f.Add(header + rows + `{"kind":"started","index":0}` + "\n" + `{"kind":"landed","index":0,"outcome":"ok"}` + "\n" + `{"kind":"end","exitCode":0}` + "\n")
	f.Add(header + rows + `{"kind":"started","index":-1}` + "\n{")
	f.Add(`{"kind":"run","format":1,"targets":-3}` + "\n" + rows)
	f.Add(header + `{"kind":"landed","index":0,"outcome":"ok","output":{"stdout":"AAAA"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := read(strings.NewReader(text), false, false, false)
		if err != nil {
			return
		}
		if len(r.Rows) != len(r.Targets) || len(r.Rows) > r.Total {
			t.Fatalf("%d rows of %d targets in all %d", len(r.Rows), len(r.Targets), r.Total)
		}
		sum := 0
		for i, row := range r.Rows {
			if row.Outcome == "" {
				t.Fatalf("row %d has no outcome", i)
			}
			if row.Output != nil {
				row.Output.Text() // any error will do
			}
		}
		for _, n := range r.End.Counts {
			sum += n
		}
		if sum != len(r.Rows) {
			t.Fatalf("counts %v of %d rows", r.End.Counts, len(r.Rows))
		}
	})
}
