package render

import (
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func TestQuoteOfFormulas(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "+x": "'+x", "-x": "'-x", "@x": "'@x", "'=x": "''=x", "x=1": "x=1", "": ""} {
		if got := guard(in); got != want {
			t.Errorf("guard(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNamesOfTheTableAreDistinct(t *testing.T) {
	for in, want := range map[string]string{"": "(empty)", "(empty)": `\(empty)`, `""`: `""`, "a:*": "a:*"} {
		if got := displayName(in); got != want {
			t.Errorf("displayName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNarrowTableKeepsPatterns(t *testing.T) {
	f := report.Figures{Keys: 12345, Bytes: 10 << 20, Avg: 500, Max: 900}
	r := &report.Report{Totals: f, Groups: []report.Group{{Pattern: "tenant:*:session:*:profile:picture", Figures: f}}}
	for width, want := range map[int]string{
		0:  "PATTERN KEYS SIZE SHARE AVG MAX|tenant:*:session:*:profile:picture 12345 10 MiB 100.0% 500 B 900 B ██████████",
		75: "PATTERN KEYS SIZE SHARE AVG MAX|tenant:*:session:*:profile:picture 12345 10 MiB 100.0% 500 B 900 B",
		60: "PATTERN KEYS SIZE SHARE|tenant:*:session:*:profile:picture 12345 10 MiB 100.0%",
		50: "PATTERN KEYS SIZE SHARE|tenant:*:sess…ofile:picture 12345 10 MiB 100.0%",
	} {
		var b strings.Builder
		if err := Write(&b, Table, r, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		if got := strings.Join(strings.Fields(lines[0]), " ") + "|" + strings.Join(strings.Fields(lines[1]), " "); got != want {
			t.Errorf("width %d:\n%s\nwant\n%s", width, got, want)
		}
	}
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{0: "", 1: "██████████", 0.5: "█████", 0.0125: "▏", 0.125: "█▎", 0.099: "█"} {
		if got := bar(share); got != want {
			t.Errorf("bar(%v) = %q, want %q", share, got, want)
		}
	}
}

// TestSeriesAreDistinct: long names look the same once their middle is cut.
func TestSeriesAreDistinct(t *testing.T) {
	long := func(middle string) report.Group {
		return report.Group{Pattern: strings.Repeat("a", 400) + middle + strings.Repeat("z", 400), Figures: report.Figures{Keys: 1}}
	}
	r := &report.Report{Groups: []report.Group{long("x"), long("y"), {Pattern: "short:*"}, {Pattern: "short:*", Pinned: true}}}
	var b strings.Builder
	if err := Write(&b, OpenMetrics, r, Options{}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(b.String()) {
		series, _, _ := strings.Cut(line, "} ")
		if seen[series] {
			t.Errorf("twice: %s", series)
		}
		seen[series] = true
	}
	if n := strings.Count(b.String(), "\nredismem_keys{"); n != 4 {
		t.Errorf("%d series", n)
	}
}
