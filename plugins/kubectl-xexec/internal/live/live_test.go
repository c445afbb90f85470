package live_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/live"
)

// show writes chunks to the first stream of the first of two targets.
func show(t *testing.T, terminal, colour bool, chunks ...string) string {
	t.Helper()
	var out, err bytes.Buffer
	s := live.New(live.Stream{W: &out, Terminal: terminal, Color: colour}, live.Stream{W: &err}, []string{"web-0", "web-10"})
	w, _ := s.Open(0)
	for _, c := range chunks {
		if n, err := io.WriteString(w, c); n != len(c) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", c, n, err)
		}
	}
	if err := s.Landed(0, engine.Result{}); err != nil {
		t.Fatal(err)
	}
	if err.Len() > 0 {
		t.Errorf("stdout leaked to stderr: %q", &err)
	}
	return out.String()
}

func TestLines(t *testing.T) {
	for _, tc := range []struct {
		name     string
		chunks   []string
		want     string
		terminal bool
	}{
		{name: "nothing"},
		{name: "one line", chunks: []string{"a\n"}, want: "web-0 | a\n"},
		{name: "two lines in one write", chunks: []string{"a\nb\n"}, want: "web-0 | a\nweb-0 | b\n"},
		{name: "a line in three writes", chunks: []string{"a", "b", "c\n"}, want: "web-0 | abc\n"},
		{name: "no final newline", chunks: []string{"a\nb"}, want: "web-0 | a\nweb-0 | b\n"},
		{name: "empty lines stay", chunks: []string{"\n\na\n"}, want: "web-0 | \nweb-0 | \nweb-0 | a\n"},
		{name: "percent signs are text", chunks: []string{"100%s %d\n"}, want: "web-0 | 100%s %d\n"},
		{name: "bytes stay in a file", chunks: []string{"\x1b[2J\x00\xff\r\n"}, want: "web-0 | \x1b[2J\x00\xff\r\n"},
		{name: "sanitised and padded on a terminal", chunks: []string{"\x1b[2J\x00\xff\r\n"}, want: "web-0  | \\x1b[2J\\x00\\xff\n", terminal: true},
		{name: "character split over writes", chunks: []string{"w\xc3", "\xb6\n"}, want: "web-0  | wö\n", terminal: true},
	} {
		if got := show(t, tc.terminal, false, tc.chunks...); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestColourIsStableAndClosed(t *testing.T) {
	first, second := show(t, true, true, "a\n"), show(t, true, true, "b\n")
	prefix, _, _ := strings.Cut(first, " |")
	if !strings.HasPrefix(first, "\x1b[") || !strings.HasPrefix(second, prefix) || !strings.Contains(prefix, "web-0\x1b[0m") {
		t.Errorf("lines %q and %q, want the same closed colour around web-0", first, second)
	}
}

// A line that never ends is shown in pieces; no byte is lost and no character cut.
func TestEndlessLine(t *testing.T) {
	text := strings.Repeat("ö", 200_000)
	got := show(t, false, false, "x", text[:100_001], text[100_001:])
	pieces := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(pieces) != 7 {
		t.Errorf("shown in %d pieces, want 7 of 64 KiB", len(pieces))
	}
	var joined strings.Builder
	for _, p := range pieces {
		body, ok := strings.CutPrefix(p, "web-0 | ")
		if !ok || strings.ToValidUTF8(body, "?") != body {
			t.Fatalf("piece %.20q… lacks the prefix or cuts a character", p)
		}
		joined.WriteString(body)
	}
	if joined.String() != "x"+text {
		t.Error("bytes were lost or changed")
	}
}

func TestStreamsStayApart(t *testing.T) {
	var out, errOut bytes.Buffer
	s := live.New(live.Stream{W: &out}, live.Stream{W: &errOut}, []string{"a"})
	o, e := s.Open(0)
	fmt.Fprint(o, "data\n")
	fmt.Fprint(e, "talk")
	if err := s.Landed(0, engine.Result{}); err != nil {
		t.Fatal(err)
	}
	if out.String() != "a | data\n" || errOut.String() != "a ! talk\n" {
		t.Errorf("stdout %q, stderr %q", &out, &errOut)
	}
}

func TestWithoutLabels(t *testing.T) {
	var out bytes.Buffer
	s := live.New(live.Stream{W: &out}, live.Stream{W: &out}, nil)
	w, _ := s.Open(0)
	fmt.Fprint(w, "half")
	if out.Len() > 0 {
		t.Errorf("a line that has not ended is shown: %q", &out)
	}
	fmt.Fprint(w, "whole\n")
	if out.String() != "halfwhole\n" {
		t.Errorf("got %q", &out)
	}
}

// unlocked is a writer that the race detector watches.
type unlocked struct{ text []byte }

func (u *unlocked) Write(p []byte) (int, error) { u.text = append(u.text, p...); return len(p), nil }

func TestManyTargetsNeverMixLines(t *testing.T) {
	const targets, lines = 20, 200
	var labels []string
	for i := range targets {
		labels = append(labels, fmt.Sprintf("pod-%d", i))
	}
	terminal := &unlocked{}
	s := live.New(live.Stream{W: terminal}, live.Stream{W: terminal}, labels)
	var wg sync.WaitGroup
	for i := range targets {
		out, err := s.Open(i)
		for name, w := range map[string]io.Writer{"out": out, "err": err} {
			wg.Go(func() {
				for n := range lines {
					fmt.Fprintf(w, "%s %d of ", name, n) // in two writes, to tempt
					fmt.Fprintf(w, "pod-%d\n", i)
				}
			})
		}
	}
	wg.Wait()
	counts := map[string]int{}
	for line := range strings.Lines(string(terminal.text)) {
		var pod, mark, name, of string
		var n int
		if _, err := fmt.Sscanf(line, "%s %s %s %d of %s", &pod, &mark, &name, &n, &of); err != nil || pod != of {
			t.Fatalf("mixed line %q", line)
		}
		if (mark == "|") != (name == "out") {
			t.Fatalf("line %q carries the wrong mark", line)
		}
		if counts[pod+name] != n {
			t.Fatalf("line %q comes out of order", line)
		}
		counts[pod+name]++
	}
	if len(counts) != 2*targets {
		t.Errorf("%d streams seen, want %d", len(counts), 2*targets)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteErrorReachesTheTarget(t *testing.T) {
	s := live.New(live.Stream{W: broken{}}, live.Stream{W: broken{}}, []string{"a"})
	w, _ := s.Open(0)
	if _, err := io.WriteString(w, "line\n"); err == nil {
		t.Error("a failed write counts as written")
	}
	if _, err := io.WriteString(w, "rest"); err != nil {
		t.Error(err)
	}
	if err := s.Landed(0, engine.Result{}); err == nil {
		t.Error("the last line's failed write is lost")
	}
}
