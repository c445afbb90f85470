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
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// redismem runs the command in this process.
func redismem(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	s, _, out, errOut := streams.Test()
	code = cli.Run(ctx, newCommand(s), s, args)
	return code, out.String(), errOut.String()
}

func parsed(t *testing.T, stdout string) report.Report {
	t.Helper()
	var r report.Report
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
	has(raw, "source", "servers", "sampling", "cost", "totals", "coverage", "groups", "other")
	has(raw["totals"], "keys", "bytes", "minBytes", "maxBytes", "avgBytes")
	has(raw["other"], "keys", "bytes")
	has(raw["groups"].([]any)[0], "pattern", "keys", "bytes", "minBytes", "maxBytes", "avgBytes")
	has(raw["coverage"], "complete", "keysBefore", "keysAfter", "keysSeen", "keysVanished", "keysUnreadable")
	has(raw["servers"].([]any)[0], "address", "version", "usedMemoryBytes", "runID")
	r := parsed(t, out)
	if r.Totals.Keys != 30 || r.Other.Keys != 0 || len(r.Groups) != 3 || !r.Coverage.Complete || r.Coverage.KeysAfter != 30 {
		t.Errorf("%+v", r)
	}
}

func TestUnreadableKeysAreCountedNotHidden(t *testing.T) {
	server := redistest.Start(t, "--user", "reader", "on", "nopass", "resetkeys", "~app:*", "+@all")
	populate(t, server, 300)
	code, out, errOut := redismem(t.Context(), "--addr", server.Addr, "--username", "reader", "--password-file", writeFile(t, "any"), "-o", "json")
	r := parsed(t, out)
	if code != cli.ExitPartial || r.Totals.Keys != 100 || r.Coverage.Unreadable != 200 || r.Coverage.Refusals["NOPERM"] != 200 || r.Coverage.Seen != 300 {
		t.Errorf("code %d, %+v", code, r.Coverage)
	}
	if !strings.Contains(errOut, "told no size of 200 keys (NOPERM 200)") {
		t.Errorf("stderr: %s", errOut)
	}
}

// TestClusterThatDoesNotDescribeItselfIsPartial: one node's keys are not all.
func TestClusterThatDoesNotDescribeItselfIsPartial(t *testing.T) {
	cluster := redistest.StartCluster(t, 3, 0, "--user", "blind", "on", "nopass", "~*", "+@all", "-cluster|nodes")
	addr := cluster.Primaries[0].Addr
	code, out, errOut := redismem(t.Context(), "--addr", addr, "--username", "blind", "--password-file", writeFile(t, "any"), "-o", "json")
	if r := parsed(t, out); code != cli.ExitPartial || r.Coverage.Complete || len(r.Coverage.Missing) != 1 {
		t.Errorf("code %d, %+v\n%s", code, r.Coverage, errOut)
	}
	if !strings.Contains(errOut, "missing: the other shards of "+addr+"'s cluster: ") {
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

// noLeaks waits for goroutines to end longer than goleak does: a pool of go-redis
// whose server refused connections sleeps for a second before it sees that it was
// closed.
func noLeaks(t *testing.T, option goleak.Option) {
	t.Helper()
	const patience = 3 * time.Second
	err := goleak.Find(option)
	for start := time.Now(); err != nil && time.Since(start) < patience; {
		err = goleak.Find(option)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestConnectionLost: what was counted is reported, with what is missing.
func TestConnectionLost(t *testing.T) {
	server := redistest.Start(t)
	populate(t, server, 30_000)
	defer noLeaks(t, goleak.IgnoreCurrent())
	p := startProxy(t, server, 300_000, func(p *proxy) { p.refuse() })
	code, out, errOut := redismem(t.Context(), "--addr", p.addr, "-o", "json")
	r := parsed(t, out)
	if code != cli.ExitPartial || r.Coverage.Complete || r.Totals.Keys == 0 || r.Totals.Keys >= 30_000 || len(r.Coverage.Reasons) == 0 || r.Coverage.KeysBefore != 30_000 {
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
	r := parsed(t, out)
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
		r := parsed(t, out)
		if code != cli.ExitInterrupted || r.Coverage.Complete || r.Totals.Keys == 0 || !strings.Contains(errOut, "interrupted: the report is about ") {
			t.Errorf("code %d, %+v, stderr %s", code, r.Coverage, errOut)
		}
	}
}

func TestChangedMuch(t *testing.T) {
	for _, c := range []struct {
		before, after int64
		want          bool
	}{{600_000, 0, true}, {600_000, 590_000, false}, {600_000, -1, false}, {0, 600_000, true}, {10, 5, false}, {100, 100, false}} {
		if got := changedMuch(report.Coverage{KeysBefore: c.before, KeysAfter: c.after}); got != c.want {
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
	_, _, errOut := redismem(t.Context(), "--addr", server.Addr, "-q", "--group", "app:", "--group", "none:*", "--group", "job:2")
	if want := "warning: no key is named exactly \"app:\"\nhint: for all keys that begin so: --group 'app:*'\n"; errOut != want {
		t.Errorf("stderr %q, want %q", errOut, want)
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
