package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/report"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// said is a result and what its target wrote.
type said struct {
	engine.Result
	out, err string
}

// document is the report as its readers have it.
type document struct {
	APIVersion, Kind string
	Results          []result
}

type result struct {
	Context, Namespace, Pod, UID, Node, Container, Outcome   string
	ExitCode                                                 *int
	Stdout, Stderr, StdoutEncoding, StderrEncoding, Workload string
	Truncated, Verified                                      bool
	StartedAt                                                *time.Time
	DurationSeconds                                          float64
	Reason, Left, Fingerprint                                string
	Attempts                                                 int
}

// write lands the rows in the given order (none: their own) and returns what the
// report looks like.
func write(t *testing.T, o report.Options, limit int64, order []int, rows ...said) string {
	t.Helper()
	var out bytes.Buffer
	o.Out, o.Rows = &out, len(rows)
	store := spool.NewStore(0, t.TempDir())
	defer store.Close()
	s := sink.Gather(store, spool.Options{Max: limit}, report.New(o))
	for i, r := range rows {
		stdout, stderr := s.Open(i)
		_, _ = io.WriteString(stdout, r.out)
		_, _ = io.WriteString(stderr, r.err)
	}
	for i := range rows {
		if order != nil {
			i = order[i]
		}
		if err := s.Landed(i, rows[i].Result); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// read parses a document, strictly: no field is unknown.
func read(t *testing.T, f report.Format, text string) document {
	t.Helper()
	var d document
	parse := yaml.UnmarshalStrict
	if f == report.JSON {
		parse = func(text []byte, to any, _ ...yaml.JSONOpt) error {
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.DisallowUnknownFields()
			return decoder.Decode(to)
		}
	}
	if err := parse([]byte(text), &d); err != nil {
		t.Fatalf("%s: %v in %.300q", f, err, text)
	}
	return d
}

var target = resolve.Target{Namespace: "prod", Pod: "web-0", UID: "u-1", Node: "n1", Container: "app", Workload: "deployment/web"}

func TestFields(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	row := said{engine.Result{Target: target, Outcome: podexec.Failed, ExitCode: 3, StartedAt: at, Duration: 1234567 * time.Microsecond,
		Verified: true, Left: engine.LeftEnded, Attempts: 2}, "o\n<\"\\\t\x01>", "e"}
	o := report.Options{Format: report.JSONL, Context: "staging", Fingerprint: func(int, engine.Result, *sink.Output) string { return "ab12" }}
	const want = `{"context":"staging","namespace":"prod","pod":"web-0","uid":"u-1","node":"n1","container":"app",` +
		`"outcome":"failed","exitCode":3,"stdout":"o\n<\"\\\t\u0001>","stderr":"e","stdoutEncoding":"utf-8","stderrEncoding":"utf-8",` +
		`"truncated":false,"verified":true,"startedAt":"2026-01-02T02:04:05.000000006Z","durationSeconds":1.235,"reason":"exit code 3",` +
		`"workload":"deployment/web","left":"ended","attempts":2,"fingerprint":"ab12"}` + "\n"
	if diff := cmp.Diff(want, write(t, o, 0, nil, row)); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestWhatIsNotKnownIsNull(t *testing.T) {
	for _, f := range []report.Format{report.JSON, report.YAML} {
		text := write(t, report.Options{Format: f}, 0, nil,
			said{Result: engine.Result{Target: target, Outcome: podexec.Lost, ExitCode: engine.Unknown, Reason: "cut\noff: yes"}},
			said{Result: engine.Result{Target: target, Outcome: podexec.NotStarted, ExitCode: 127}})
		if strings.Contains(text, "fingerprint") {
			t.Errorf("%s: a fingerprint that nobody took", f)
		}
		rows := read(t, f, text).Results
		if r := rows[0]; r.ExitCode != nil || r.StartedAt != nil || r.Outcome != "lost" || r.Reason != "cut\noff: yes" {
			t.Errorf("%s: row %+v, want null for the exit code and the start", f, r)
		}
		if rows[1].ExitCode != nil {
			t.Errorf("%s: an exit code of a command that did not start: %d", f, *rows[1].ExitCode)
		}
	}
}

func ok(pod string) engine.Result {
	return engine.Result{Target: resolve.Target{Namespace: "prod", Pod: pod, Container: "app"}, Outcome: podexec.OK}
}

func TestOrder(t *testing.T) {
	rows := []said{{ok("a"), "1", ""}, {ok("b"), "2", ""}, {ok("c"), "3", ""}}
	order := []int{2, 0, 1}
	for _, f := range []report.Format{report.JSON, report.YAML} {
		var got strings.Builder
		d := read(t, f, write(t, report.Options{Format: f}, 0, order, rows...))
		for _, r := range d.Results {
			got.WriteString(r.Pod + r.Stdout + " ")
		}
		if got.String() != "a1 b2 c3 " || d.APIVersion != report.APIVersion || d.Kind != report.Kind {
			t.Errorf("%s: %s%s has %s", f, d.APIVersion, d.Kind, &got)
		}
	}
	lines := write(t, report.Options{Format: report.JSONL}, 0, order, rows...)
	if i, j := strings.Index(lines, `"c"`), strings.Index(lines, `"a"`); i < 0 || i > j || strings.Count(lines, "\n") != 3 {
		t.Errorf("jsonl does not come as the rows land: %s", lines)
	}
}

func TestNames(t *testing.T) {
	got := write(t, report.Options{Format: report.Name}, 0, []int{3, 2, 1, 0},
		said{Result: ok("b")}, said{Result: engine.Result{Target: target, Outcome: podexec.Failed}}, said{Result: ok("b")}, said{Result: ok("a")})
	if got != "pod/b\npod/a\n" {
		t.Errorf("got %q", got)
	}
}

func TestEmpty(t *testing.T) {
	for _, f := range report.Formats() {
		var out bytes.Buffer
		if err := report.Empty(&out, f); err != nil {
			t.Error(err)
		}
		if f != report.JSON && f != report.YAML {
			if out.Len() > 0 {
				t.Errorf("%s: %q", f, &out)
			}
			continue
		}
		if d := read(t, f, out.String()); d.Kind != report.Kind || d.Results == nil || len(d.Results) != 0 {
			t.Errorf("%s: %+v", f, d)
		}
	}
}

// awkward is output that is hard to put into a document.
var awkward = []string{
	"", "\n", "\n\n", "a", "a\n", "a\n\n", "a\nb", " a\nb\n", "\na\n", "a\n \n", "a\n  ", "  \na\n", "\t\na\n", "a\n\tb\n", "a\n\n\n  b\n\n",
	"# no comment\n- no: list\n", "--- \nx\n", "...\nx\n", "yes", "null", "1e3", "~", "\"", "\\", "a: b", "100%s %d\n", "\x00", "a\x00b\n",
	"a\r\nb\r\n", "10%\r20%\r", "\x1b[2J\x1b]0;title\a\n", "\x7f\n", "\u0085\n", "\u009b31m\n", "\u2028\n", "\ufeffbom\n", "\uffff\n",
	"ö\nü\n", "日本\n", "🙂\n", "\U0010ffff\n", "\xff", "a\xc3", "\xed\xa0\x80\n", "a\n\xfe\n", "<&>\n", "'\n", "|\n>\n", "key:\n  - x\n",
}

func TestOutputComesBack(t *testing.T) {
	long := strings.Repeat("ö", 100_000)
	cases := append([]string{long, "x" + long + "\n", long + "\n" + long + "\n", "x" + long + "\xff", strings.Repeat("line\n", 50_000)}, awkward...)
	var rows []said
	for i, text := range cases {
		rows = append(rows, said{ok(fmt.Sprint(i)), text, "e" + text})
	}
	for _, f := range []report.Format{report.JSON, report.YAML} {
		text := write(t, report.Options{Format: f}, 0, nil, rows...)
		for i, r := range read(t, f, text).Results {
			if got := plain(t, r.Stdout, r.StdoutEncoding); got != cases[i] {
				t.Errorf("%s: %.60q came back as %.60q", f, cases[i], got)
			}
			if got := plain(t, r.Stderr, r.StderrEncoding); got != "e"+cases[i] {
				t.Errorf("%s: e%.60q came back as %.60q", f, cases[i], got)
			}
		}
		if i := strings.IndexAny(text, "\x00\x1b\x07\x7f\u009b\r"); i >= 0 {
			t.Errorf("%s: %q would reach a terminal", f, text[i])
		}
	}
}

func plain(t *testing.T, text, encoding string) string {
	t.Helper()
	if encoding == "utf-8" {
		return text
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || encoding != "base64" {
		t.Errorf("encoding %q: %v", encoding, err)
	}
	return string(raw)
}

func FuzzOutputComesBack(f *testing.F) {
	for _, text := range awkward {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []report.Format{report.JSON, report.YAML} {
			d := read(t, format, write(t, report.Options{Format: format}, 0, nil, said{ok("a"), text, ""}))
			if got := plain(t, d.Results[0].Stdout, d.Results[0].StdoutEncoding); got != text {
				t.Errorf("%s: %q came back as %q", format, text, got)
			}
		}
	})
}

func TestLimit(t *testing.T) {
	for _, tc := range []struct {
		name, text, want  string
		base64, truncated bool
	}{
		{name: "exactly", text: "abc", want: "abc"},
		{name: "over", text: "abcdef", want: "abc", truncated: true},
		{name: "inside a character", text: "abö", want: "ab", truncated: true},
		{name: "inside what is not UTF-8", text: "a\xff\xffb", want: "a\xff\xff", base64: true, truncated: true},
		{name: "ends inside a character by itself", text: "a\xc3", want: "a\xc3", base64: true},
	} {
		r := read(t, report.JSON, write(t, report.Options{Format: report.JSON}, 3, nil, said{ok("a"), tc.text, ""})).Results[0]
		if got := plain(t, r.Stdout, r.StdoutEncoding); got != tc.want || (r.StdoutEncoding == "base64") != tc.base64 || r.Truncated != tc.truncated {
			t.Errorf("%s: %q as %s, truncated %v", tc.name, got, r.StdoutEncoding, r.Truncated)
		}
	}
}

type broken struct{}

var errBroken = errors.New("nobody reads")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestClosedReaderIsReported(t *testing.T) {
	for _, f := range report.Formats() {
		s := sink.Gather(spool.NewStore(0, ""), spool.Options{}, report.New(report.Options{Format: f, Out: broken{}, Rows: 2}))
		if err := s.Landed(0, ok("a")); err != nil && !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", f, err)
		}
		if f != report.Table { // which is written at the end
			select {
			case <-s.Broken():
			case <-time.After(10 * time.Second):
				t.Fatalf("%s: nobody is told", f)
			}
			if err := s.Landed(1, ok("b")); !errors.Is(err, errBroken) {
				t.Errorf("%s: landing: %v", f, err)
			}
		}
		if err := s.Close(t.Context()); !errors.Is(err, errBroken) {
			t.Errorf("%s: closing: %v", f, err)
		}
	}
}
