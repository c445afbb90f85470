//go:build e2e

package e2e

import (
	"fmt"
	"log"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	m.Run() // its result becomes the exit code when this function returns
	if err := removePlugins(); err != nil {
		log.Fatalf("removing the built plugins: %v", err)
	}
}

// TestClusterIsReal checks that everything the other tests build on is there:
// files, exit codes, logs, three different pods, and figures of their use.
func TestClusterIsReal(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	pods := n.Pods(t, "app=web")
	if len(pods) != 3 {
		t.Fatalf("expected 3 pods, got %q", pods)
	}

	if files := strings.Fields(n.Must(t, "exec", pods[0], "--", "ls", "/")); !slices.Contains(files, "www") {
		t.Errorf("ls / in %s printed %q", pods[0], files)
	}
	if name := strings.TrimSpace(n.Must(t, "exec", pods[1], "--", "cat", "/www/index.html")); name != pods[1] {
		t.Errorf("%s says that it is %q", pods[1], name)
	}
	if r := n.Run(t, "exec", pods[0], "--", "sh", "-c", "exit 42"); r.Code != 42 {
		t.Errorf("exit 42 became %d: %s", r.Code, r.Stderr)
	}
	if log := n.Must(t, "logs", pods[2]); log != "serving\n" {
		t.Errorf("the log says %q", log)
	}
	Eventually(t, 90*time.Second, func() error {
		r := n.Run(t, "top", "pods", "--no-headers")
		if r.Code == 0 && strings.Count(r.Stdout, "\n") == 3 && strings.Count(r.Stdout, "Mi") == 3 {
			return nil
		}
		return fmt.Errorf("kubectl top pods: %s%s", r.Stdout, r.Stderr)
	})
}

// TestPasswordFromSecret checks the Redis of the other tests: the password is
// the one in the Secret, and needed.
func TestPasswordFromSecret(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	redis := n.Redis(t)
	if out := n.Must(t, "exec", redis.Pod, "--", "sh", "-c", `REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli ping`); out != "PONG\n" {
		t.Errorf("ping with the password printed %q", out)
	}
	if out := n.Must(t, "exec", redis.Pod, "--", "redis-cli", "ping"); !strings.HasPrefix(out, "NOAUTH") {
		t.Errorf("ping without the password printed %q", out)
	}
	secret := n.Must(t, "get", "secret", "redis-auth", "-o", "go-template={{.data.password | base64decode}}")
	if secret != redis.Password {
		t.Error("the Secret holds another password")
	}
	if requests := n.Requests(t, "exec"); len(requests) != 2 {
		t.Errorf("expected 2 exec requests in the audit log, got %+v", requests)
	}
}

// TestNoShell checks the image without a shell: its program runs, others do not.
func TestNoShell(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "distroless.yaml")
	if out := n.Must(t, "exec", "deploy/distroless", "--", "/app", "hello"); !strings.HasPrefix(out, "hello") {
		t.Errorf("/app hello printed %q", out)
	}
	if r := n.Run(t, "exec", "deploy/distroless", "--", "/app", "fail"); r.Code != 7 {
		t.Errorf("/app fail ended with %d: %s", r.Code, r.Stderr)
	}
	if r := n.Run(t, "exec", "deploy/distroless", "--", "sh"); r.Code == 0 || !strings.Contains(r.Stderr, "not found") {
		t.Errorf("sh ended with %d: %s", r.Code, r.Stderr)
	}
}
