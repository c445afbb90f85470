package live_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/live"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// land ends the first target and waits for its lines.
func land(t *testing.T, s *live.Sink) {
	t.Helper()
	if err := s.Landed(0, engine.Result{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// show writes chunks to the first stream of the first of two targets.
func show(t *testing.T, terminal, colour bool, chunks ...string) string {
	t.Helper()
	var out, err bytes.Buffer
	s := live.New(live.Stream{W: &out, Terminal: terminal, Color: colour}, live.Stream{W: &err}, []string{"web-0", "web-10"}, spool.NewStore(0, ""))
	w, _ := s.Open(0)
	for _, c := range chunks {
		if n, err := io.WriteString(w, c); n != len(c) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", c, n, err)
		}
	}
	land(t, s)
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

// A line that never ends is shown in marked pieces; no byte is lost and no
// character cut.
func TestEndlessLine(t *testing.T) {
	text := strings.Repeat("ö", 200_000)
	got := show(t, false, false, "x", text[:100_001], text[100_001:], "\nnext\n")
	pieces := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(pieces) != 8 || pieces[7] != "web-0 | next" {
		t.Fatalf("shown in %d pieces, want 7 of 64 KiB and the next line", len(pieces))
	}
	var joined strings.Builder
	for i, p := range pieces[:7] {
		prefix := "web-0 |+ "
		if i == 0 {
			prefix = "web-0 | "
		}
		body, ok := strings.CutPrefix(p, prefix)
		if !ok || strings.ToValidUTF8(body, "?") != body {
			t.Fatalf("piece %.20q… lacks the prefix or cuts a character", p)
		}
		joined.WriteString(body)
	}
	if joined.String() != "x"+text {
		t.Error("bytes were lost or changed")
	}
}

func TestLongestLineStaysWhole(t *testing.T) {
	line := strings.Repeat("y", 64<<10)
	for _, chunks := range [][]string{{line + "\n"}, {line, "\n"}, {line}, {line[:9], line[9:] + "\n"}} {
		if got := show(t, false, false, chunks...); got != "web-0 | "+line+"\n" {
			t.Errorf("%d chunks: %d bytes, %.30q…", len(chunks), len(got), got)
		}
	}
	if got := show(t, false, false, line+"z\n"); got != "web-0 | "+line+"\nweb-0 |+ z\n" {
		t.Errorf("one more: …%q", got[len(got)-30:])
	}
}

func TestStreamsStayApart(t *testing.T) {
	var out, errOut bytes.Buffer
	s := live.New(live.Stream{W: &out}, live.Stream{W: &errOut}, []string{"a"}, spool.NewStore(0, ""))
	o, e := s.Open(0)
	fmt.Fprint(o, "data\n")
	fmt.Fprint(e, "talk")
	land(t, s)
	if out.String() != "a | data\n" || errOut.String() != "a ! talk\n" {
		t.Errorf("stdout %q, stderr %q", &out, &errOut)
	}
}

// Both streams on one terminal keep the order in which they were written.
func TestOrderIsThatOfArrival(t *testing.T) {
	var both bytes.Buffer
	s := live.New(live.Stream{W: &both}, live.Stream{W: &both}, []string{"a"}, spool.NewStore(0, ""))
	o, e := s.Open(0)
	var want strings.Builder
	for i := range 500 {
		fmt.Fprintf(o, "%d\n", i)
		fmt.Fprintf(e, "%d\n", i)
		fmt.Fprintf(&want, "a | %d\na ! %d\n", i, i)
	}
	land(t, s)
	if both.String() != want.String() {
		t.Errorf("out of order: %.200q…", both.String())
	}
}

func TestWithoutLabels(t *testing.T) {
	var out bytes.Buffer
	s := live.New(live.Stream{W: &out}, live.Stream{W: &out}, nil, spool.NewStore(0, ""))
	w, _ := s.Open(0)
	fmt.Fprint(w, "half")
	fmt.Fprint(w, "whole\n")
	land(t, s)
	if out.String() != "halfwhole\n" {
		t.Errorf("got %q", &out)
	}
}

func TestManyTargetsNeverMixLines(t *testing.T) {
	const targets, lines = 20, 200
	var labels []string
	for i := range targets {
		labels = append(labels, fmt.Sprintf("pod-%d", i))
	}
	var terminal bytes.Buffer
	s := live.New(live.Stream{W: &terminal}, live.Stream{W: &terminal}, labels, spool.NewStore(0, ""))
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
	land(t, s)
	counts := map[string]int{}
	for line := range strings.Lines(terminal.String()) {
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
