package alike

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// longest is the length of the longest common sequence, by the book.
func longest(a, b []int) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			if a[i] == b[j] {
				table[i+1][j+1] = table[i][j] + 1
			} else {
				table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
			}
		}
	}
	return table[len(a)][len(b)]
}

func checkCommon(t *testing.T, a, b []int) []pair {
	t.Helper()
	pairs := common(a, b)
	last := pair{-1, -1}
	for _, p := range pairs {
		if p.a <= last.a || p.b <= last.b || a[p.a] != b[p.b] {
			t.Fatalf("common(%v, %v) = %v", a, b, pairs)
		}
		last = p
	}
	return pairs
}

func TestCommonIsTheLongest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 1))
	for range 5000 {
		a, b := make([]int, rnd.IntN(12)), make([]int, rnd.IntN(12))
		for i := range a {
			a[i] = rnd.IntN(4)
		}
		for i := range b {
			b[i] = rnd.IntN(4)
		}
		if got, want := len(checkCommon(t, a, b)), longest(a, b); got != want {
			t.Fatalf("common(%v, %v) has %d lines, want %d", a, b, got, want)
		}
	}
}

// TestCommonGivesUpInTime compares texts that differ in nearly everything.
func TestCommonGivesUpInTime(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 2))
	a, b := make([]int, windowLines), make([]int, windowLines)
	for i := range a {
		a[i], b[i] = i, windowLines+i
		if rnd.IntN(4) == 0 {
			b[i] = i
		}
	}
	start := time.Now()
	pairs := checkCommon(t, a, b)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if len(pairs) == 0 {
		t.Error("found nothing in common at all")
	}
}

func linesOf(text string) *lineReader {
	return newLineReader(strings.NewReader(text), Identity{}, 0, true)
}

// apply rebuilds both texts from a difference and what they begin with in common.
func apply(d difference, a string) (left, right string) {
	var l, r strings.Builder
	if len(d.changes) > 0 {
		for i, line := range strings.SplitAfter(a, "\n") {
			if i+1 < d.changes[0].a {
				l.WriteString(line)
				r.WriteString(line)
			}
		}
	}
	for _, c := range d.changes {
		if c.sign != '+' {
			l.Write(c.text)
		}
		if c.sign != '-' {
			r.Write(c.text)
		}
	}
	return l.String(), r.String()
}

func TestDifferRebuildsBothTexts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	random := func() string {
		var b strings.Builder
		for range rnd.IntN(30) {
			b.WriteString([]string{"a\n", "b\n", "\n", "c\r\n"}[rnd.IntN(4)])
		}
		return b.String() + []string{"", "end"}[rnd.IntN(2)]
	}
	for range 2000 {
		a, b := random(), random()
		d, err := differ(linesOf(a), linesOf(b))
		if err != nil {
			t.Fatal(err)
		}
		if a == b {
			if len(d.changes) != 0 {
				t.Fatalf("%q differs from itself", a)
			}
			continue
		}
		if left, right := apply(d, a); left != a || right != b {
			t.Fatalf("difference of %q and %q rebuilds %q and %q", a, b, left, right)
		}
	}
}

func TestDifferStopsSomewhere(t *testing.T) {
	var a, b strings.Builder
	for i := range 3 * windowLines {
		fmt.Fprintf(&a, "same %d\n", i)
		fmt.Fprintf(&b, "same %d\n", i)
	}
	a.WriteString("only a\n")
	for i := range 3 * windowLines {
		fmt.Fprintf(&a, "tail %d\n", i)
		fmt.Fprintf(&b, "tail %d\n", i)
	}
	d, err := differ(linesOf(a.String()), linesOf(b.String()))
	if err != nil || !d.cut {
		t.Fatalf("cut = %v, %v; want true", d.cut, err)
	}
	differing := 0
	for _, c := range d.changes {
		if c.sign != ' ' {
			differing++
			if c.a != 3*windowLines+1 || string(c.text) != "only a\n" {
				t.Errorf("%q in line %d is no difference", c.text, c.a)
			}
		}
	}
	if differing != 1 || len(d.changes) > windowLines {
		t.Errorf("%d lines differ out of %d, want 1", differing, len(d.changes))
	}
}

func TestLineReader(t *testing.T) {
	long := strings.Repeat("x", 2*maxLine+10)
	for _, text := range []string{"", "\n", "a", "a\n", "a\nb", "\r\n\x00\n", long, long + "\n", "a\n" + long + "\nb\n"} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text)), "with EOF": iotest.DataErrReader(strings.NewReader(text))} {
			l := newLineReader(r, Identity{}, 0, false)
			var got strings.Builder
			for {
				line, err := l.next()
				if err != nil {
					t.Fatal(err)
				}
				if len(line) == 0 {
					break
				}
				if len(line) > maxLine || strings.Contains(string(line[:len(line)-1]), "\n") {
					t.Fatalf("%s: a line of %d bytes", name, len(line))
				}
				got.Write(line)
			}
			if got.String() != text {
				t.Errorf("%s: %d bytes became %d", name, len(text), got.Len())
			}
		}
	}
}

func TestHunksKeepContext(t *testing.T) {
	var a, b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&a, "%d\n", i)
		switch i {
		case 10, 17, 50, 99:
			fmt.Fprintf(&b, "odd %d\n", i)
		default:
			fmt.Fprintf(&b, "%d\n", i)
		}
	}
	d, err := differ(linesOf(a.String()), linesOf(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range hunks(d.changes) {
		got = append(got, fmt.Sprintf("%d+%d", h[0].a, len(h)))
	}
	// Lines 8–21 with two differences, 48–54, 97–100.
	if want := "[8+16 48+8 97+5]"; fmt.Sprint(got) != want {
		t.Errorf("hunks begin and measure %v, want %s", got, want)
	}
}

func BenchmarkRender10MiB(b *testing.B) {
	body := strings.Repeat(string(logText()), 10)
	f := &fleet{members: []Member{member(0, ok, "", ""), member(1, ok, "", "")}}
	source := func(int) (Output, error) {
		return Output{Identity: web, Stdout: strings.NewReader(body)}, nil
	}
	for _, terminal := range []bool{false, true} {
		b.Run(fmt.Sprintf("terminal=%v", terminal), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Render(io.Discard, GroupBy(f.members), source, Options{Terminal: terminal}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
