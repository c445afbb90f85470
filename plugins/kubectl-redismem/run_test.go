package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/analysis"
)

// redismem runs the command in this process.
func redismem(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	s, _, out, errOut := streams.Test()
	code = cli.Run(ctx, newCommand(s), s, args)
	return code, out.String(), errOut.String()
}

func report(t *testing.T, stdout string) analysis.Report {
	t.Helper()
	var r analysis.Report
	d := json.NewDecoder(strings.NewReader(stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("reading the report: %v\n%.300s", err, stdout)
	}
	keys, bytes := r.Other.Keys, r.Other.Bytes
	for _, g := range r.Groups {
		keys += g.Keys
		bytes += g.Bytes
	}
	if keys != r.Totals.Keys || bytes != r.Totals.Bytes {
		t.Errorf("groups and other sum to %d keys and %d bytes, the totals are %+v", keys, bytes, r.Totals)
	}
	return r
}

// populate makes n keys of three kinds.
func populate(t *testing.T, s *redistest.Server, n int) {
	t.Helper()
	e := &redisconn.Endpoint{Name: "test", Dial: s.Dial}
	c := e.Client()
	defer c.Close()
	pipe := c.Pipeline()
	for i := range n {
		pipe.Set(t.Context(), fmt.Sprintf("%s:%d", []string{"app", "session", "job"}[i%3], i), i, 0)
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestReportHasItsFields pins the names that scripts rely on.
func TestReportHasItsFields(t *testing.T) {
	server := redistest.Start(t)
	populate(t, server, 30)
	code, out, errOut := redismem(t.Context(), "--addr", server.Addr, "-o", "json", "--top", "2")
	if code != 0 {
		t.Fatal(errOut)
	}
	var raw map[string]any
	if err := json.Unmarshal([]byte(out), &raw); err != nil {
		t.Fatal(err)
	}
	if raw["apiVersion"] != "redismem.kubectl-suite.dev/v1alpha1" || raw["kind"] != "MemoryReport" {
		t.Errorf("kind: %v %v", raw["apiVersion"], raw["kind"])
	}
	has := func(what any, fields ...string) {
		t.Helper()
		m, _ := what.(map[string]any)
		for _, f := range fields {
			if _, ok := m[f]; !ok {
				t.Errorf("field %q is missing in %v", f, what)
			}
		}
	}
	has(raw, "server", "totals", "coverage", "groups", "other")
	has(raw["totals"], "keys", "bytes", "minBytes", "maxBytes", "avgBytes")
	has(raw["other"], "keys", "bytes")
	has(raw["groups"].([]any)[0], "pattern", "keys", "bytes", "minBytes", "maxBytes", "avgBytes")
	has(raw["coverage"], "complete", "keysBefore", "keysAfter", "keysSeen", "keysVanished", "keysUnreadable")
	has(raw["server"], "address", "version", "usedMemoryBytes", "runID")
	r := report(t, out)
	if r.Totals.Keys != 30 || r.Other.Keys != 10 || r.Other.Patterns != 1 || !r.Coverage.Complete || r.Coverage.KeysAfter != 30 {
		t.Errorf("%+v", r)
	}
}

func TestUnreadableKeysAreCountedNotHidden(t *testing.T) {
	server := redistest.Start(t, "--user", "reader", "on", "nopass", "resetkeys", "~app:*", "+@all")
	populate(t, server, 300)
	code, out, errOut := redismem(t.Context(), "--addr", server.Addr, "--username", "reader", "--password-file", writeFile(t, "any"), "-o", "json")
	r := report(t, out)
	if code != cli.ExitPartial || r.Totals.Keys != 100 || r.Coverage.Unreadable != 200 || r.Coverage.Refusals["NOPERM"] != 200 || r.Coverage.Seen != 300 {
		t.Errorf("code %d, %+v", code, r.Coverage)
	}
	if !strings.Contains(errOut, "told no size of 200 keys (NOPERM 200)") {
		t.Errorf("stderr: %s", errOut)
	}
}

func TestServerWithoutMemoryUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args       []string
		want, hint string
	}{
		"renamed":       {[]string{"--rename-command", "MEMORY", ""}, "error: the server has no MEMORY USAGE: ", "hint: redismem needs Redis 4 or newer"},
		"not permitted": {[]string{"--user", "default", "on", "nopass", "~*", "+@all", "-memory"}, "error: asking for MEMORY USAGE: NOPERM", "hint: the user needs: +ping +info +scan +memory|usage"},
		"no scan":       {[]string{"--user", "default", "on", "nopass", "~*", "+@all", "-scan"}, "error: scanning: NOPERM", "hint: the user needs:"},
		"no info":       {[]string{"--user", "default", "on", "nopass", "~*", "+@all", "-info"}, "error: asking the server for INFO: NOPERM", "hint: the user needs:"},
	} {
		server := redistest.Start(t, c.args...)
		populate(t, server, 3)
		code, out, errOut := redismem(t.Context(), "--addr", server.Addr)
		if code != cli.ExitFailed || out != "" || !strings.HasPrefix(errOut, c.want) || !strings.Contains(errOut, c.hint) || strings.Count(errOut, "\n") != 2 {
			t.Errorf("%s: code %d, stdout %q, stderr %q", name, code, out, errOut)
		}
	}
}

// TestConnectionLost: what was counted is reported, with what is missing.
func TestConnectionLost(t *testing.T) {
	server := redistest.Start(t)
	populate(t, server, 30_000)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p := startProxy(t, server, 300_000, func(p *proxy) { p.refuse() })
	code, out, errOut := redismem(t.Context(), "--addr", p.addr, "-o", "json")
	r := report(t, out)
	if code != cli.ExitPartial || r.Coverage.Complete || r.Totals.Keys == 0 || r.Totals.Keys >= 30_000 || r.Coverage.Reason == "" || r.Coverage.KeysBefore != 30_000 {
		t.Errorf("code %d, %+v", code, r.Coverage)
	}
	if !strings.Contains(errOut, "error: the report is about ") {
		t.Errorf("stderr: %s", errOut)
	}
}

// TestConnectionLostAndResumed: with the same server back nothing is missing.
func TestConnectionLostAndResumed(t *testing.T) {
	server := redistest.Start(t)
	populate(t, server, 30_000)
	p := startProxy(t, server, 300_000, func(*proxy) {})
	code, out, errOut := redismem(t.Context(), "--addr", p.addr, "-o", "json")
	r := report(t, out)
	if code != 0 || !r.Coverage.Complete || r.Totals.Keys != 30_000 || r.Coverage.Reconnects != 1 {
		t.Errorf("code %d, %+v, stderr %s", code, r.Coverage, errOut)
	}
}

// TestInterrupted: Ctrl-C gives a valid partial report and exit code 130.
func TestInterrupted(t *testing.T) {
	server := redistest.Start(t)
	populate(t, server, 30_000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := startProxy(t, server, 300_000, func(*proxy) { cancel() })
	for _, format := range []string{"json", "csv", "table"} {
		code, out, errOut := redismem(ctx, "--addr", p.addr, "-o", format)
		if format != "json" { // the context has ended before the first byte
			if code != cli.ExitInterrupted || out != "" || errOut != "interrupted before anything was counted\n" {
				t.Errorf("%s: code %d, stdout %q, stderr %q", format, code, out, errOut)
			}
			continue
		}
		r := report(t, out)
		if code != cli.ExitInterrupted || r.Coverage.Complete || r.Totals.Keys == 0 || !strings.Contains(errOut, "interrupted: the report is about ") {
			t.Errorf("code %d, %+v, stderr %s", code, r.Coverage, errOut)
		}
	}
}

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
	f := analysis.Figures{Keys: 12345, Bytes: 10 << 20, Avg: 500, Max: 900}
	r := &analysis.Report{Totals: f, Groups: []analysis.Group{{Pattern: "tenant:*:session:*:profile:picture", Figures: f}}}
	for width, want := range map[int]string{
		0:  "PATTERN KEYS SIZE SHARE AVG MAX|tenant:*:session:*:profile:picture 12345 10 MiB 100.0% 500 B 900 B ██████████",
		75: "PATTERN KEYS SIZE SHARE AVG MAX|tenant:*:session:*:profile:picture 12345 10 MiB 100.0% 500 B 900 B",
		60: "PATTERN KEYS SIZE SHARE|tenant:*:session:*:profile:picture 12345 10 MiB 100.0%",
		50: "PATTERN KEYS SIZE SHARE|tenant:*:sess…ofile:picture 12345 10 MiB 100.0%",
	} {
		var b strings.Builder
		if err := printTable(&b, r, width, false); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		if got := strings.Join(strings.Fields(lines[0]), " ") + "|" + strings.Join(strings.Fields(lines[1]), " "); got != want {
			t.Errorf("width %d:\n%s\nwant\n%s", width, got, want)
		}
	}
}

func TestChangedMuch(t *testing.T) {
	for _, c := range []struct {
		before, after int64
		want          bool
	}{{600_000, 0, true}, {600_000, 590_000, false}, {600_000, -1, false}, {0, 600_000, true}, {10, 5, false}, {100, 100, false}} {
		if got := changedMuch(analysis.Coverage{KeysBefore: c.before, KeysAfter: c.after}); got != c.want {
			t.Errorf("%d keys, then %d: %v, want %v", c.before, c.after, got, c.want)
		}
	}
}

// TestFlushedDuringTheScan: the report is about keys that are gone, and says so.
func TestFlushedDuringTheScan(t *testing.T) {
	server := redistest.Start(t)
	populate(t, server, 30_000)
	e := &redisconn.Endpoint{Name: "test", Dial: server.Dial}
	c := e.Client()
	defer c.Close()
	p := startProxy(t, server, 300_000, func(*proxy) { c.FlushAll(context.Background()) })
	code, _, errOut := redismem(t.Context(), "--addr", p.addr)
	if code != cli.ExitOK || !strings.Contains(errOut, "note: the server had 30000 keys when the scan began and 0 when it ended") {
		t.Errorf("code %d, stderr %s", code, errOut)
	}
}

func TestPinThatMatchesNothing(t *testing.T) {
	server := redistest.Start(t)
	populate(t, server, 30)
	_, _, errOut := redismem(t.Context(), "--addr", server.Addr, "-q", "--prefix", "app:", "--prefix", "none:*", "--prefix", "job:2")
	if want := "warning: no key is named exactly \"app:\"\nhint: for all keys that begin so: --prefix 'app:*'\n"; errOut != want {
		t.Errorf("stderr %q, want %q", errOut, want)
	}
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{0: "", 1: "██████████", 0.5: "█████", 0.0125: "▏", 0.125: "█▎", 0.099: "█"} {
		if got := bar(share); got != want {
			t.Errorf("bar(%v) = %q, want %q", share, got, want)
		}
	}
}

// proxy passes connections on to a server and hangs up once on the one that has
// carried limit bytes of answers.
type proxy struct {
	addr   string
	server *redistest.Server
	limit  int64
	onCut  func(*proxy)

	mu   sync.Mutex
	cut  bool
	l    net.Listener
	wait sync.WaitGroup
}

func startProxy(t *testing.T, s *redistest.Server, limit int64, onCut func(*proxy)) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String(), server: s, limit: limit, onCut: onCut, l: l}
	p.wait.Go(p.accept)
	t.Cleanup(func() { p.refuse(); p.wait.Wait() })
	return p
}

// refuse ends the listener: new connections fail from now on.
func (p *proxy) refuse() { _ = p.l.Close() }

func (p *proxy) accept() {
	for {
		conn, err := p.l.Accept()
		if err != nil {
			return
		}
		p.wait.Go(func() { p.pass(conn) })
	}
}

func (p *proxy) pass(near net.Conn) {
	defer near.Close()
	far, err := p.server.Dial(context.Background(), "", "")
	if err != nil {
		return
	}
	defer far.Close()
	go func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	}()
	n, _ := io.CopyN(near, far, p.limit)
	p.mu.Lock()
	first := n == p.limit && !p.cut
	p.cut = p.cut || first
	p.mu.Unlock()
	if first {
		p.onCut(p)
		time.Sleep(20 * time.Millisecond) // let a cancelled reader go before the end of file
		return
	}
	_, _ = io.Copy(near, far)
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	name := t.TempDir() + "/password"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
