//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// memoryReport is what scripts read of redismem's JSON.
type memoryReport struct {
	APIVersion, Kind string
	Servers          []struct{ Pod, Version string }
	Totals           struct{ Keys, Bytes int64 }
	Coverage         struct{ Complete bool }
	Groups           []struct {
		Pattern     string
		Keys, Bytes int64
	}
	Other struct{ Keys, Bytes int64 }
}

// redisCLI asks the Redis directly; the password travels in the environment.
func (n *Namespace) redisCLI(t testing.TB, r Redis, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "redis-cli", append([]string{"-h", r.IP, "--raw"}, args...)...)
	cmd.Env = []string{"REDISCLI_AUTH=" + r.Password, "PATH=/usr/bin:/bin"}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.HasPrefix(string(out), "ERR") {
		t.Fatalf("redis-cli %s (Debian package redis-tools): %v\n%s", args[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

const fillScript = `
for i = 1, 20000 do redis.call('set', 'BOOK-' .. i, string.rep('x', i % 100)) end
for i = 1, 5000 do redis.call('hset', 'session:' .. redis.sha1hex(i) .. ':cart', 'a', i) end
redis.call('set', 'evil\r\n\27[31m', 1)
return redis.call('dbsize')`

const sumScript = `
local sum = 0
for _, k in ipairs(redis.call('keys', '*')) do sum = sum + redis.call('memory', 'usage', k) end
return sum`

// redismem runs "kubectl redismem" on the namespace; kubectl wants a plugin's name
// before any flag.
func (n *Namespace) redismem(t testing.TB, args ...string) Result {
	t.Helper()
	n.Plugin(t, "kubectl-redismem")
	return n.Cluster.Run(t, n.Kubectl, append([]string{"redismem", "-n", n.Name}, args...)...)
}

func TestRedismemFindsTheRedisAndItsPassword(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	redis := n.Redis(t)
	keys := n.redisCLI(t, redis, "eval", fillScript, "0")
	bytes := n.redisCLI(t, redis, "eval", sumScript, "0")

	r := n.redismem(t, "-o", "json")
	if r.Code != 0 {
		t.Fatalf("exit code %d\n%s", r.Code, r.Stderr)
	}
	if strings.Contains(r.Stdout+r.Stderr, redis.Password) {
		t.Error("the password is in the output")
	}
	if !strings.Contains(r.Stderr, `password from Secret "redis-auth" key "password" (env REDIS_PASSWORD)`) {
		t.Errorf("stderr does not name the password's source:\n%s", r.Stderr)
	}
	var report memoryReport
	if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil {
		t.Fatalf("reading the report: %v\n%s", err, r.Stdout)
	}
	if got := fmt.Sprint(report.Totals.Keys); got != keys {
		t.Errorf("%s keys, DBSIZE says %s", got, keys)
	}
	if got := fmt.Sprint(report.Totals.Bytes); got != bytes {
		t.Errorf("%s bytes, the sum over MEMORY USAGE is %s", got, bytes)
	}
	if !report.Coverage.Complete || len(report.Servers) != 1 || report.Servers[0].Pod != redis.Pod || report.Kind != "MemoryReport" {
		t.Errorf("%+v", report)
	}
	patterns := map[string]int64{}
	for _, g := range report.Groups {
		patterns[g.Pattern] = g.Keys
	}
	if patterns["BOOK-*"] != 20000 || patterns["session:*:cart"] != 5000 || patterns[`evil\x0d\x0a\x1b\[31m`] != 1 {
		t.Errorf("patterns: %v", patterns)
	}

	csv := n.redismem(t, "svc/redis", "-o", "csv", "--group", "BOOK-1*", "--top", "1", "-q")
	lines := strings.Split(strings.TrimSpace(csv.Stdout), "\n")
	if csv.Code != 0 || len(lines) != 4 || !strings.HasPrefix(lines[0], "prefix,totalKeys,totalSize,avgKeySize,minKeySize,maxKeySize") ||
		!strings.HasPrefix(lines[1], "BOOK-1*,11111,") || !strings.HasPrefix(lines[3], "(other),") || csv.Stderr != "" {
		t.Errorf("exit code %d\n%s%s", csv.Code, csv.Stdout, csv.Stderr)
	}
}

func TestRedismemWrongPassword(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Redis(t)
	n.ApplyText(t, `{apiVersion: v1, kind: Secret, metadata: {name: redis-auth}, stringData: {password: changed-meanwhile}}`)
	r := n.redismem(t)
	want := `: the server refused the password from Secret "redis-auth" key "password" (env REDIS_PASSWORD)`
	if r.Code != 1 || r.Stdout != "" || !strings.Contains(r.Stderr, want) || !strings.Contains(r.Stderr, "\nhint: ") ||
		strings.Contains(r.Stderr, "changed-meanwhile") || strings.Count(r.Stderr, "\n") != 2 {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
}

func TestRedismemNothingAndSeveral(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	if r := n.redismem(t); r.Code != 3 || !strings.Contains(r.Stderr, "no pods in namespace") {
		t.Errorf("empty namespace: exit code %d\n%s", r.Code, r.Stderr)
	}
	n.ApplyText(t, `
apiVersion: v1
kind: Pod
metadata: {name: cache}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: memcached, image: "testbed.local/memcached:1", imagePullPolicy: Never, ports: [{containerPort: 11211}]}
`)
	if r := n.redismem(t); r.Code != 3 || !strings.Contains(r.Stderr, "no Redis found in namespace") {
		t.Errorf("no Redis: exit code %d\n%s", r.Code, r.Stderr)
	}
	if r := n.redismem(t, "cache", "--port", "11211"); r.Code != 3 || !strings.Contains(r.Stderr, "it answers like Memcached") {
		t.Errorf("Memcached: exit code %d\n%s", r.Code, r.Stderr)
	}
	if r := n.redismem(t, "cache", "--port", "7"); r.Code != 3 || !strings.Contains(r.Stderr, "connection refused") {
		t.Errorf("refused port: exit code %d\n%s", r.Code, r.Stderr)
	}
	redis := n.Redis(t)
	n.ApplyText(t, `
apiVersion: v1
kind: Pod
metadata: {name: another}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: r, image: "testbed.local/redis:7", imagePullPolicy: Never, command: [redis-server, --port, "7000", --protected-mode, "no"]}
`)
	r := n.redismem(t)
	if r.Code != 2 || r.Stdout != "" || !strings.Contains(r.Stderr, "more than one Redis found") {
		t.Errorf("several: exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	for _, pod := range []string{"another --port 7000", redis.Pod + " --port 6379"} {
		command := "kubectl redismem -n " + n.Name + " " + pod
		if !strings.Contains(r.Stderr, command) {
			t.Errorf("%q is not offered:\n%s", command, r.Stderr)
			continue
		}
		if picked := n.Cluster.Run(t, n.Kubectl, strings.Fields(command)[1:]...); picked.Code != 0 {
			t.Errorf("%s: exit code %d\n%s", command, picked.Code, picked.Stderr)
		}
	}
}

// TestRedismemDenied takes rights away from a ServiceAccount, one after the other.
func TestRedismemDenied(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	redis := n.Redis(t)
	n.Must(t, "create", "serviceaccount", "analyst")
	as := "--as=system:serviceaccount:" + n.Name + ":analyst"
	if r := n.redismem(t, as); r.Code != 1 || !strings.Contains(r.Stderr, "error: listing pods: ") || !strings.Contains(r.Stderr, "\nhint: name the pod") {
		t.Errorf("no rights: exit code %d\n%s", r.Code, r.Stderr)
	}
	n.Must(t, "create", "role", "pods", "--verb=get,list", "--resource=pods")
	n.Must(t, "create", "rolebinding", "pods", "--role=pods", "--serviceaccount="+n.Name+":analyst")
	if r := n.redismem(t, as, redis.Pod); r.Code != 1 || !strings.Contains(r.Stderr, "pods/portforward") || !strings.Contains(r.Stderr, "\nhint: ") {
		t.Errorf("no port-forward: exit code %d\n%s", r.Code, r.Stderr)
	}
	n.Must(t, "create", "role", "forward", "--verb=create,get", "--resource=pods/portforward")
	n.Must(t, "create", "rolebinding", "forward", "--role=forward", "--serviceaccount="+n.Name+":analyst")
	if r := n.redismem(t, as); r.Code != 1 || !strings.Contains(r.Stderr, `reading Secret "redis-auth" for the password: `) || !strings.Contains(r.Stderr, "--password-file") {
		t.Errorf("no Secret: exit code %d\n%s", r.Code, r.Stderr)
	}
	n.Must(t, "create", "role", "secret", "--verb=get", "--resource=secrets", "--resource-name=redis-auth")
	n.Must(t, "create", "rolebinding", "secret", "--role=secret", "--serviceaccount="+n.Name+":analyst")
	if r := n.redismem(t, as, "-o", "json"); r.Code != 0 {
		t.Errorf("least rights: exit code %d\n%s", r.Code, r.Stderr)
	}
}
