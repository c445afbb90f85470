package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/diff"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// TestDiff compares two reports of a server that got more keys in between.
func TestDiff(t *testing.T) {
	s := redistest.Start(t)
	populate(t, s, 300)
	dir := t.TempDir()
	take := func(name, format string) (string, report.Report) {
		code, out, errOut := redismem(t.Context(), "--addr", s.Addr, "-q", "-o", format)
		if code != 0 {
			t.Fatal(errOut)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
		if format == "yaml" {
			return file, report.Report{}
		}
		return file, parsed(t, out)
	}
	first, was := take("a.json", "json")
	time.Sleep(1100 * time.Millisecond)
	populate(t, s, 3000)
	second, is := take("b.json", "json")
	third, _ := take("c.yaml", "yaml")

	code, out, errOut := redismem(t.Context(), "diff", first, second, "-o", "json")
	var d diff.Diff
	if err := json.Unmarshal([]byte(out), &d); err != nil || code != 0 {
		t.Fatal(code, err, errOut)
	}
	if d.Totals.KeysDelta != 2700 || d.Totals.BytesDelta != is.Totals.Bytes-was.Totals.Bytes || len(d.Rows) != 3 || d.Rows[0].State != diff.Both || d.Rows[0].KeysDelta != 900 {
		t.Errorf("%+v", d)
	}
	for _, format := range []string{"table", "csv", "yaml", "markdown"} {
		if code, out, errOut := redismem(t.Context(), "diff", first, third, "-o", format); code != 0 || !strings.Contains(out, "session:") || errOut != "" {
			t.Errorf("%s: exit code %d\n%s%s", format, code, out, errOut)
		}
	}
	for name, tc := range map[string]struct {
		args []string
		code int
		want string
	}{
		"grown":        {[]string{first, second, "--fail-on-growth", "10"}, 1, "more than before, which is over 10%"},
		"grown enough": {[]string{first, second, "--fail-on-growth", "10000"}, 0, ""},
		"wrong order":  {[]string{second, first}, 2, "hint: give the older one first"},
		"the same":     {[]string{first, first}, 2, "less than a second apart"},
		"one":          {[]string{first}, 2, "two are compared"},
		"no file":      {[]string{first, filepath.Join(dir, "none")}, 1, "no such file"},
		"no report":    {[]string{first, os.Args[0]}, 1, "reading the report"},
		"format":       {[]string{first, second, "-o", "html"}, 2, "unknown output format"},
	} {
		if code, _, errOut := redismem(t.Context(), append([]string{"diff"}, tc.args...)...); code != tc.code || !strings.Contains(errOut, tc.want) {
			t.Errorf("%s: exit code %d, want %d: %s", name, code, tc.code, errOut)
		}
	}
}

// TestGrowthOfPartialReportsIsNotKnown: a gate must not open because a scan broke.
func TestGrowthOfPartialReportsIsNotKnown(t *testing.T) {
	s := redistest.Start(t)
	populate(t, s, 300)
	dir := t.TempDir()
	var files []string
	for i, complete := range []bool{true, false} {
		_, out, _ := redismem(t.Context(), "--addr", s.Addr, "-q", "-o", "json")
		r := parsed(t, out)
		r.Coverage.Complete = complete
		r.Coverage.Started = r.Coverage.Started.Add(time.Duration(i) * time.Hour)
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, []string{"a", "b"}[i]))
		if err := os.WriteFile(files[i], text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, out, errOut := redismem(t.Context(), "diff", files[0], files[1], "--fail-on-growth", "5")
	if code != 4 || !strings.Contains(errOut, "is partial") || !strings.Contains(out, "TOTAL") {
		t.Errorf("code %d, %s\n%s", code, errOut, out)
	}
	if code, _, errOut = redismem(t.Context(), "diff", files[0], files[1], "--fail-on-growth", "-5"); code != 2 {
		t.Errorf("code %d, %s", code, errOut)
	}
}
