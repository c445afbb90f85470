package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

func modes(t *testing.T, s *Store, name string) (dir, file os.FileMode) {
	t.Helper()
	d, err := os.Stat(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Stat(filepath.Join(s.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return d.Mode().Perm(), f.Mode().Perm()
}

func TestOnlyTheOwnerReads(t *testing.T) {
	s := newStore(t)
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w := begin(t, s, Header{Targets: targets(1)})
	if dir, file := modes(t, s, w.ID()+suffix); dir != 0o700 || file != 0o600 {
		t.Errorf("modes %o and %o", dir, file)
	}
	if err := w.End(End{}); err != nil {
		t.Fatal(err)
	}
}

func TestSymbolicLinksAreNotFollowed(t *testing.T) {
	s := newStore(t)
	w := begin(t, s, Header{Targets: targets(1)})
	if err := w.End(End{}); err != nil {
		t.Fatal(err)
	}
	precious := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(precious, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(precious, filepath.Join(s.dir, "261125-071219-aaaa"+suffix)); err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(); err != nil || len(list) != 1 {
		t.Errorf("%d runs, error %v", len(list), err)
	}
	// The lock's name, too, must not lead anywhere.
	if err := errors.Join(os.Remove(filepath.Join(s.dir, "lock")), os.Symlink(precious, filepath.Join(s.dir, "lock"))); err != nil {
		t.Fatal(err)
	}
	w = begin(t, s, Header{})
	if err := w.End(End{}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(precious); string(b) != "mine" {
		t.Errorf("the file behind the link has %q, error %v", b, err)
	}
	other, err := Open(filepath.Join(t.TempDir(), "link"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(s.dir, other.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Begin(Header{}); err == nil || !strings.Contains(err.Error(), "is not a folder") {
		t.Errorf("error %v of a folder that is a link", err)
	}
}

func TestRetention(t *testing.T) {
	s := newStore(t)
	running := begin(t, s, Header{Targets: targets(1)})
	add := func(age time.Duration, size int64, n int) string {
		when := time.Now().Add(-age)
		name := filepath.Join(s.dir, fmt.Sprintf("%s-%c%c%c%c%s", when.UTC().Format(idTime), 'a'+n/20%20, 'a'+n%20, 'a', 'a', suffix))
		if err := errors.Join(os.WriteFile(name, nil, 0o600), os.Truncate(name, size), os.Chtimes(name, when, when)); err != nil {
			t.Fatal(err)
		}
		return name
	}
	exists := func(name string) bool { _, err := os.Stat(name); return err == nil }
	path := filepath.Join(s.dir, running.ID()+suffix)
	long := time.Now().Add(-2 * keepFor)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(s.dir, "notes.txt")
	if err := errors.Join(os.WriteFile(foreign, nil, 0o600), os.Chtimes(foreign, long, long)); err != nil {
		t.Fatal(err)
	}
	old, new := add(keepFor+time.Hour, 10, 1), add(time.Hour, 10, 2)
	end := func(w *Writer) {
		t.Helper()
		if err := w.End(End{}); err != nil {
			t.Fatal(err)
		}
	}
	end(begin(t, s, Header{}))
	if exists(old) || !exists(new) || !exists(path) || !exists(foreign) {
		t.Errorf("old %v, new %v, running %v, foreign %v", exists(old), exists(new), exists(path), exists(foreign))
	}
	first, second, third := add(2*time.Hour, keepBytes/2, 3), add(3*time.Hour, keepBytes/2, 4), add(4*time.Hour, 1, 5)
	end(begin(t, s, Header{}))
	if !exists(first) || exists(second) || !exists(third) {
		t.Errorf("by size: first %v, second %v, third %v", exists(first), exists(second), exists(third))
	}
	for n := range 2 * keepRuns {
		add(5*time.Hour, 1, n)
	}
	end(begin(t, s, Header{}))
	if list, err := filepath.Glob(filepath.Join(s.dir, "*"+suffix)); err != nil || len(list) != keepRuns+1 { // and the running one, which is of no age
		t.Errorf("%d runs are left, error %v", len(list), err)
	}
	end(running)
}

// Nothing here may fail a run, and nothing that is missing may look like nothing.
func TestAJournalThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(filepath.Join(file, "dir"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Begin(Header{Targets: targets(1)})
	if err == nil || w == nil {
		t.Fatalf("writer %v, error %v", w, err)
	}
	w.Started(0)
	w.Landed(0, Row{Outcome: podexec.OK})
	if err := w.End(End{}); err != nil || w.ID() != "" {
		t.Errorf("run %q, error %v after the warning", w.ID(), err)
	}

	s = newStore(t)
	w = begin(t, s, Header{Targets: targets(3)})
	w.Started(0)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.file.Close()
	w.file = full
	w.Started(1)
	w.Started(2)
	w.Landed(0, Row{Outcome: podexec.OK})
	if err := w.End(End{}); err == nil || !strings.Contains(err.Error(), "writing the journal") {
		t.Errorf("error %v", err)
	}
	if r := loaded(t, s, w.ID()); !r.Damaged || outcomes(r) != "lost lost lost" {
		t.Errorf("damaged %v, %s", r.Damaged, outcomes(r))
	}
}

func TestManyAtOnce(t *testing.T) {
	s := newStore(t)
	const runs, n = 8, 50
	var wg sync.WaitGroup
	for range runs {
		wg.Go(func() {
			w, err := s.Begin(Header{Targets: targets(n)})
			if err != nil {
				t.Error(err)
				return
			}
			var rows sync.WaitGroup
			for i := range n {
				rows.Go(func() {
					w.Started(i)
					w.Landed(i, Row{Outcome: podexec.OK})
				})
			}
			rows.Wait()
			if err := w.End(End{}); err != nil {
				t.Error(err)
			}
			if _, err := s.List(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := s.List()
	if err != nil || len(list) != runs {
		t.Fatalf("%d runs, error %v", len(list), err)
	}
	for _, r := range list {
		if r.State != Complete || r.End.Counts[podexec.OK] != n {
			t.Errorf("run %s: %s, %v", r.ID, r.State, r.End.Counts)
		}
	}
}

func TestNoRunYet(t *testing.T) {
	s := newStore(t)
	if list, err := s.List(); err != nil || list != nil {
		t.Errorf("list %v, error %v", list, err)
	}
	if _, err := s.Load("last"); !errors.Is(err, ErrNoRun) {
		t.Errorf("error %v", err)
	}
}

func BenchmarkResult(b *testing.B) {
	for _, size := range []int{0, 1 << 10, MaxOutput} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			s, err := Open(filepath.Join(b.TempDir(), "x"))
			if err != nil {
				b.Fatal(err)
			}
			w, err := s.Begin(Header{Targets: targets(b.N + 1)})
			if err != nil {
				b.Fatal(err)
			}
			text := strings.Repeat("one line of an ordinary log 2026-11-25\n", size/38+1)[:size]
			i := 0
			b.ResetTimer()
			for i = range b.N {
				row := Row{Outcome: podexec.OK, StartedAt: time.Now(), Duration: time.Second, Fingerprint: "abcdef"}
				if size > 0 {
					if row.Output, err = Keep(strings.NewReader(text), nil); err != nil {
						b.Fatal(err)
					}
				}
				w.Started(i)
				w.Landed(i, row)
			}
			b.StopTimer()
			if err := w.End(End{}); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// TestOrder wants runs of one second in the order in which they began.
func TestOrder(t *testing.T) {
	start := time.Date(2026, 11, 25, 7, 12, 19, 0, time.UTC)
	last := ""
	for part := time.Duration(0); part < 2*time.Second; part += 7 * time.Millisecond {
		id, err := newID(start.Add(part))
		if err != nil {
			t.Fatal(err)
		}
		if id <= last || !idFile.MatchString(id+suffix) {
			t.Fatalf("%s after %s, %s later", id, last, part)
		}
		last = id
	}
}
