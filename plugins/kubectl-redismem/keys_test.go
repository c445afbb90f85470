package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/keys"
)

// searchKeys runs the verb in this process.
func searchKeys(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	s, _, out, errOut := streams.Test()
	f := &flags{io: s, kube: kube.NewFlags("test", s.Err)}
	connection := pflag.NewFlagSet("connection", pflag.ContinueOnError)
	f.kube.AddFlags(connection)
	code = cli.Run(ctx, newKeysCommand(f, f.own(), connection), s, args)
	return code, out.String(), errOut.String()
}

var hostileKeys = []string{"a\r\nb", "nul\x00", "\x1b[2J", "\xff\xfe", "", "=cmd|' /C calc'!A0", `"q"`, "two words", "'", `back\slash`, "st*r"}

func hostileServer(t *testing.T) *redistest.Server {
	t.Helper()
	s := redistest.Start(t)
	e := &redisconn.Endpoint{Name: "test", Dial: s.Dial}
	c := e.Client()
	defer c.Close()
	for i, name := range hostileKeys {
		if err := c.Set(t.Context(), name, strings.Repeat("x", 1000*(i+1)), 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestKeysInEveryFormat(t *testing.T) {
	s := hostileServer(t)
	code, out, errOut := searchKeys(t.Context(), "*", "--addr", s.Addr, "-o", "json")
	var l keys.List
	if err := json.Unmarshal([]byte(out), &l); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v\n%s", code, err, errOut)
	}
	if !l.Complete || l.Kind != "KeyList" || len(l.Keys) != len(hostileKeys) || l.Keys[0].Name != `st\*r` || l.Keys[0].Type != "string" {
		t.Errorf("%+v", l)
	}
	for _, format := range []string{"table", "csv", "json", "yaml", "name"} {
		code, out, errOut := searchKeys(t.Context(), "*", "--addr", s.Addr, "-o", format, "-q", "--top", "100")
		if code != 0 || errOut != "" || out == "" {
			t.Errorf("%s: exit code %d\n%s", format, code, errOut)
		}
		if strings.ContainsAny(out, "\x00\x1b\r") || strings.Contains(out, "\xff") {
			t.Errorf("%s: raw bytes of a name in %q", format, out)
		}
		if format == "table" && strings.Count(out, "\n") != len(hostileKeys)+1 {
			t.Errorf("a name takes more than one line:\n%s", out)
		}
		if format == "csv" {
			rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
			if err != nil || len(rows) != len(hostileKeys)+1 || strings.Contains(out, "\n=") {
				t.Errorf("%v\n%s", err, out)
			}
		}
	}
}

// TestNamesAreForRedisCLI: each printed name leads redis-cli to a key.
func TestNamesAreForRedisCLI(t *testing.T) {
	s := hostileServer(t)
	_, out, _ := searchKeys(t.Context(), "*", "--addr", s.Addr, "-o", "name", "-q")
	names := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(names) != len(hostileKeys) {
		t.Fatalf("%d names, want %d:\n%s", len(names), len(hostileKeys), out)
	}
	cmd := exec.CommandContext(t.Context(), "redis-cli", "-p", fmt.Sprint(s.Port))
	cmd.Stdin = strings.NewReader("EXISTS " + strings.Join(names, " ") + "\n")
	answer, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("redis-cli (Debian package redis-tools): %v\n%s", err, answer)
	}
	if got := strings.TrimSpace(string(answer)); got != fmt.Sprint(len(hostileKeys)) {
		t.Errorf("redis-cli finds %s of %d keys", got, len(hostileKeys))
	}
}

func TestKeysOfAWholeClusterAndOfAPartOfIt(t *testing.T) {
	c := redistest.StartCluster(t, 3, 0)
	e := &redisconn.Endpoint{Name: "test", Dial: c.All()[0].Dial}
	client := e.Client()
	defer client.Close()
	for i := range 300 { // a third of them is refused with MOVED
		_ = client.Set(t.Context(), fmt.Sprint("k:", i), i, 0).Err()
	}
	code, out, errOut := searchKeys(t.Context(), "k:*", "--addr", c.All()[1].Addr, "-o", "json")
	var l keys.List
	if err := json.Unmarshal([]byte(out), &l); err != nil || code != 0 || l.Matched == 0 || len(l.Keys) != defaultKeys {
		t.Fatalf("exit code %d, %v: %d matched\n%s", code, err, l.Matched, errOut)
	}
	c.All()[2].Stop()
	code, out, errOut = searchKeys(t.Context(), "k:*", "--addr", c.All()[1].Addr, "-o", "json")
	if err := json.Unmarshal([]byte(out), &l); err != nil || code != cli.ExitPartial || l.Complete || !strings.Contains(errOut, "missing: ") {
		t.Errorf("exit code %d, %v, complete %v\n%s", code, err, l.Complete, errOut)
	}
}

func TestKeysUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b", "c"}, {"*", "--top", "0"}, {"*", "-o", "html"}, {"*", "pod", "--addr", "localhost"}} {
		if code, out, errOut := searchKeys(t.Context(), args...); code != cli.ExitUsage || out != "" || !strings.HasPrefix(errOut, "error: ") {
			t.Errorf("%q: exit code %d\n%s%s", args, code, out, errOut)
		}
	}
	s := hostileServer(t)
	if code, _, errOut := searchKeys(t.Context(), "st", "--addr", s.Addr); code != 0 || !strings.Contains(errOut, "0 keys match") || !strings.Contains(errOut, "'st*'") {
		t.Errorf("exit code %d\n%s", code, errOut)
	}
}
