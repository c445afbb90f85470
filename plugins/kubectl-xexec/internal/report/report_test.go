package report_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/report"
)

var target = resolve.Target{Namespace: "prod", Pod: "web-0", UID: "u-1", Node: "n1", Container: "app"}

// one lands a single result whose target wrote stdout, and returns its row.
func one(t *testing.T, r engine.Result, limit int64, chunks ...string) report.Result {
	t.Helper()
	var got report.Result
	s := report.NewSink("staging", 1, limit, func(_ int, r report.Result) error { got = r; return nil })
	stdout, stderr := s.Open(0)
	for _, c := range chunks {
		if n, err := io.WriteString(stdout, c); n != len(c) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", c, n, err)
		}
	}
	_, _ = io.WriteString(stderr, "e")
	if err := s.Landed(0, r); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestFields(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	row := one(t, engine.Result{Target: target, Outcome: podexec.Failed, ExitCode: 3, StartedAt: at, Duration: 1234567 * time.Microsecond}, 0, "o\n")
	got, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"context":"staging","namespace":"prod","pod":"web-0","uid":"u-1","node":"n1","container":"app",` +
		`"outcome":"failed","exitCode":3,"stdout":"o\n","stderr":"e","stdoutEncoding":"utf-8","stderrEncoding":"utf-8",` +
		`"truncated":false,"verified":false,"startedAt":"2026-01-02T02:04:05.000000006Z","durationSeconds":1.235,"reason":"exit code 3"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestWhatIsNotKnownIsNull(t *testing.T) {
	row := one(t, engine.Result{Target: target, Outcome: podexec.Lost, ExitCode: engine.Unknown, Reason: "cut"}, 0)
	if row.ExitCode != nil || row.StartedAt != nil || row.Outcome != "lost" || row.Reason != "cut" {
		t.Errorf("row %+v, want null for the exit code and the start", row)
	}
}

func TestSkippedHasARow(t *testing.T) {
	var got report.Result
	s := report.NewSink("", 0, 0, func(i int, r report.Result) error { got = r; return nil })
	if err := s.Landed(0, engine.Result{Target: target, Outcome: engine.Skipped, ExitCode: engine.Unknown, Reason: "pending"}); err != nil {
		t.Fatal(err)
	}
	if got.Outcome != "skipped" || got.ExitCode != nil || got.Reason != "pending" || got.StdoutEncoding != "utf-8" {
		t.Errorf("row %+v", got)
	}
}

func TestEncodingAndLimit(t *testing.T) {
	ok := engine.Result{Target: target, Outcome: podexec.OK}
	for _, tc := range []struct {
		name      string
		limit     int64
		chunks    []string
		want      string
		base64    bool
		truncated bool
	}{
		{name: "text", chunks: []string{"a", "b"}, want: "ab"},
		{name: "not UTF-8", chunks: []string{"a\xff\x00"}, want: "a\xff\x00", base64: true},
		{name: "ends inside a character", chunks: []string{"a\xc3"}, want: "a\xc3", base64: true},
		{name: "NUL is UTF-8", chunks: []string{"a\x00"}, want: "a\x00"},
		{name: "exactly the limit", limit: 3, chunks: []string{"abc"}, want: "abc"},
		{name: "over the limit", limit: 3, chunks: []string{"ab", "cd", "ef"}, want: "abc", truncated: true},
		{name: "limit inside a character", limit: 4, chunks: []string{"abcö"}, want: "abc", truncated: true},
		{name: "limit inside what is not UTF-8", limit: 3, chunks: []string{"a\xff\xffb"}, want: "a\xff\xff", base64: true, truncated: true},
	} {
		row := one(t, ok, tc.limit, tc.chunks...)
		text := row.Stdout
		if row.StdoutEncoding == "base64" {
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Errorf("%s: %v", tc.name, err)
			}
			text = string(raw)
		}
		if text != tc.want || (row.StdoutEncoding == "base64") != tc.base64 || row.Truncated != tc.truncated || row.StderrEncoding != "utf-8" {
			t.Errorf("%s: stdout %q encoding %s truncated %v, want %q base64=%v truncated=%v", tc.name, text, row.StdoutEncoding, row.Truncated, tc.want, tc.base64, tc.truncated)
		}
	}
}
