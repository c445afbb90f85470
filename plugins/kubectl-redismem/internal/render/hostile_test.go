package render_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/pprof/profile"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

var hostile = []string{"a\r\nb", "nul\x00", "\x1b[2J", "\xff\xfe", "", strings.Repeat("k", 512<<10), "=cmd|' /C calc'!A0",
	"<script>alert(1)</script>", "a,b;c d", `"quoted"`, "x|y`z`", "(other)", "../..", `back\slash`}

// hostileReport has a key of each hostile kind, each a group of its own.
func hostileReport() *report.Report {
	r := &report.Report{APIVersion: report.APIVersion, Kind: report.Kind, Source: report.Source{Name: "pod/redis\x1b-0"}}
	for i, name := range hostile {
		f := report.Figures{Keys: 1, Bytes: int64(1000 * (i + 1)), Max: 5, Sized: 1}
		r.Groups = append(r.Groups, report.Group{Pattern: name, Shape: name, Path: []string{name}, Figures: f})
		r.Totals.Keys += f.Keys
		r.Totals.Bytes += f.Bytes
		r.Biggest = append(r.Biggest, report.Key{Name: name, Bytes: f.Bytes, TTL: -2})
	}
	return r
}

func write(t *testing.T, format string, r *report.Report, o render.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := render.Write(&b, format, r, o); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.Bytes()
}

func TestHostileNamesInEveryFormat(t *testing.T) {
	r := hostileReport()
	for _, format := range render.Formats {
		out := write(t, format, r, render.Options{})
		if format != render.Pprof {
			if !utf8.Valid(out) {
				t.Errorf("%s is not UTF-8", format)
			}
			if i := bytes.IndexFunc(out, func(c rune) bool { return c < 0x20 && c != '\n' && c != '\t' }); i >= 0 {
				t.Errorf("%s has the control character %q", format, out[i])
			}
		}
		if n := parse(t, format, out); n != len(hostile) {
			t.Errorf("%s reads back as %d groups, want %d", format, n, len(hostile))
		}
	}
}

// parse counts the groups in what was written, with a real parser where there is one.
func parse(t *testing.T, format string, out []byte) int {
	t.Helper()
	switch format {
	case render.CSV:
		rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
		if err != nil {
			t.Errorf("csv: %v", err)
		}
		for _, row := range rows[1:] {
			if strings.HasPrefix(row[0], "=") {
				t.Errorf("csv has the formula %q", row[0])
			}
		}
		return len(rows) - 1
	case render.JSON, render.YAML:
		var back report.Report
		if err := yaml.Unmarshal(out, &back); err != nil { // JSON is YAML
			t.Errorf("%s: %v", format, err)
		}
		return len(back.Groups)
	case render.Pprof:
		p, err := profile.ParseData(out)
		if err != nil {
			t.Fatalf("pprof: %v", err)
		}
		return len(p.Sample)
	case render.NCDU:
		var back []any
		if err := json.Unmarshal(out, &back); err != nil || len(back) != 4 {
			t.Fatalf("ncdu: %v, %d parts", err, len(back))
		}
		return len(back[3].([]any)) - 1
	case render.Markdown:
		if bytes.Contains(out, []byte("<script")) {
			t.Error("markdown lets HTML through")
		}
		return strings.Count(string(out), "\n| ") - 2 // without header and total
	case render.OpenMetrics:
		if !bytes.HasSuffix(out, []byte("\n# EOF\n")) {
			t.Error("openmetrics does not end with # EOF")
		}
		return strings.Count(string(out), "\nredismem_keys{")
	case render.HTML:
		// A row links to the map's node only if the node has the very same pattern.
		_, rest, _ := strings.Cut(string(out), "<h2>Patterns</h2>")
		rows, _, _ := strings.Cut(rest, "</table>")
		return strings.Count(rows, "<tr data-node=")
	case render.Folded:
		return strings.Count(string(out), "\n")
	}
	table, _, _ := strings.Cut(string(out), "\n\n")
	return strings.Count(strings.TrimSpace(table), "\n") - 1 // without header and total
}

func TestGoToolReadsTheProfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys.pb.gz")
	r := &report.Report{Groups: []report.Group{{Pattern: "a:b", Path: []string{"a:", "b"}, Figures: report.Figures{Keys: 2, Bytes: 4096}}}}
	if err := os.WriteFile(file, write(t, render.Pprof, r, render.Options{}), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "tool", "pprof", "-top", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "a:b") || !strings.Contains(string(out), "4kB") {
		t.Errorf("go tool pprof -top: %v\n%s", err, out)
	}
}

func TestTopLosesNothing(t *testing.T) {
	out := string(write(t, render.CSV, hostileReport(), render.Options{Top: 1}))
	if !strings.Contains(out, "(other),13,104000,8000,0,5,other") {
		t.Errorf("the row of all other patterns is missing or wrong:\n%s", out)
	}
}

func TestOnlyEstimatesHaveAnInterval(t *testing.T) {
	r := hostileReport()
	if out := string(write(t, render.Table, r, render.Options{})); strings.Contains(out, "±") {
		t.Errorf("an exact report has an interval:\n%s", out)
	}
	r.Totals.BytesError = r.Totals.Bytes * 3 / 100
	if out := string(write(t, render.Table, r, render.Options{})); strings.Count(out, " ±3%") != 1 {
		t.Errorf("the estimated total has no interval:\n%s", out)
	}
}
