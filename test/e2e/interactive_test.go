//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// session is xexec on a terminal, 80 columns by 24 lines.
type session struct {
	t      *testing.T
	cmd    *exec.Cmd
	press  func(keys string)
	screen *lockedBuffer
	ended  chan struct{}
}

func (n *Namespace) session(t *testing.T, args ...string) *session {
	t.Helper()
	n.Plugin(t, "kubectl-xexec")
	cmd := n.Command(t.Context(), n.Kubectl, append([]string{"xexec", "-n", n.Name}, args...)...)
	cmd.Env = append(cmd.Env, "TERM=xterm", "XDG_STATE_HOME="+t.TempDir())
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatalf("starting on a terminal: %v", err)
	}
	s := &session{t: t, cmd: cmd, screen: &lockedBuffer{}, ended: make(chan struct{})}
	s.press = func(keys string) {
		t.Helper()
		if _, err := terminal.WriteString(keys); err != nil {
			t.Fatalf("typing %q: %v", keys, err)
		}
	}
	go func() { defer close(s.ended); s.screen.fill(terminal) }()
	t.Cleanup(func() { _ = terminal.Close() })
	return s
}

func (s *session) sees(text string) {
	s.t.Helper()
	Eventually(s.t, 30*time.Second, func() error {
		if !strings.Contains(s.screen.String(), text) {
			return fmt.Errorf("no %q on the screen: %q", text, s.screen)
		}
		return nil
	})
}

func (s *session) ends(code int) {
	s.t.Helper()
	err := s.cmd.Wait()
	<-s.ended
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		s.t.Errorf("ended with %v, want exit code %d; screen %q", err, code, s.screen)
	}
}

// TestPickOneOfSeveral chooses a replica by the end of its name and opens a shell
// in it.
func TestPickOneOfSeveral(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	pods := n.Pods(t, "app=web")
	chosen := pods[1]

	s := n.session(t, "-it", "deploy/web", "--", "sh")
	s.sees("3 of 3 > ")
	s.press(chosen[strings.LastIndex(chosen, "-"):])
	s.sees("1 of 3 > ")
	s.press("\r")
	s.sees("# ")
	s.press("echo in=$(hostname); exit 6\r")
	s.sees("in=" + chosen)
	s.ends(6)

	for key, code := range map[string]int{"\x03": 130, "\x1b": 2} {
		s := n.session(t, "-it", "deploy/web", "--", "sh")
		s.sees("3 of 3 > ")
		s.press(key)
		s.ends(code)
	}
	// Without a terminal nobody can choose.
	if r := n.xexec(t, "-i", "-t", "deploy/web", "--", "sh"); r.Code != 2 || !strings.Contains(r.Stderr, "hint: ") {
		t.Errorf("exit code %d: %s", r.Code, r.Stderr)
	}
	if execs := n.Requests(t, "exec"); len(execs) != 1 || execs[0].Pod != chosen {
		t.Errorf("exec requests %+v, want one, for %s", execs, chosen)
	}
}

// TestShell opens a shell without a word about which.
func TestShell(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	s := n.session(t, "--shell", n.Pods(t, "app=web")[0])
	s.sees("# ")
	s.press("echo size $(stty size) term $TERM; exit 3\r")
	s.sees("size 24 80 term xterm")
	s.ends(3)

	n.Apply(t, "distroless.yaml")
	none := n.session(t, "--shell", "deploy/distroless")
	none.sees(`container "app" has no shell`)
	none.sees("--debug-image")
	none.ends(127)
}

// ephemeral are the debug containers of a pod.
func (n *Namespace) ephemeral(t testing.TB, pod string) []struct{ Name, Image, TargetContainerName string } {
	t.Helper()
	var containers []struct{ Name, Image, TargetContainerName string }
	if out := n.Must(t, "get", "pod", pod, "-o", "jsonpath={.spec.ephemeralContainers}"); out != "" {
		if err := json.Unmarshal([]byte(out), &containers); err != nil {
			t.Fatalf("reading ephemeral containers: %v", err)
		}
	}
	return containers
}

// TestDebugImage looks at an image without a shell from beside it.
func TestDebugImage(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "distroless.yaml")
	n.Must(t, "scale", "deploy/distroless", "--replicas=2")
	n.Must(t, "rollout", "status", "--timeout=60s", "deploy/distroless")
	pods := n.Pods(t, "app=distroless")

	debug := []string{"--debug-image", "testbed.local/busybox:1", "deploy/distroless"}
	look := append(debug, "--", "sh", "-c", "test -x /proc/1/root/app && tr '\\0' ' ' </proc/1/cmdline")
	results, r := n.report(t, look...)
	if len(results) != 2 || r.Code != 0 || results[0].Stdout != "/app sleep " || results[1].Stdout != "/app sleep " {
		t.Fatalf("exit code %d, results %+v\n%s", r.Code, results, r.Stderr)
	}
	if strings.Count(r.Stderr, "cannot be removed") != 1 {
		t.Errorf("stderr %q, want one warning", r.Stderr)
	}
	if _, r := n.report(t, look...); r.Code != 0 || strings.Contains(r.Stderr, "cannot be removed") {
		t.Errorf("the second time: exit code %d\n%s", r.Code, r.Stderr)
	}
	for _, pod := range pods {
		if c := n.ephemeral(t, pod); len(c) != 1 || c[0].TargetContainerName != "app" {
			t.Errorf("pod %s has the ephemeral containers %+v, want one", pod, c)
		}
	}

	s := n.session(t, "--debug-image", "testbed.local/busybox:1", "--shell", pods[0])
	s.sees("# ")
	s.press("ls -d /proc/1/root/app; exit 4\r")
	s.sees("\n/proc/1/root/app")
	s.ends(4)
}

// TestDebugImageThatIsMissing names the image's own problem.
func TestDebugImageThatIsMissing(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "distroless.yaml")
	for image, reason := range map[string]string{
		"testbed.local/nosuch:1":     "ErrImagePull",
		"testbed.local/distroless:1": `exec: "sh": executable file not found`,
	} {
		results, r := n.report(t, "--debug-image", image, "deploy/distroless", "--", "true")
		if len(results) != 1 || results[0].Outcome != "not-started" || !strings.Contains(results[0].Reason, reason) || r.Code == 0 {
			t.Errorf("%s: exit code %d, results %+v; want not-started because of %s", image, r.Code, results, reason)
		}
	}
}

// TestDebugImageNeedsRights runs as somebody who may exec but not add containers.
func TestDebugImageNeedsRights(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	n.Apply(t, "distroless.yaml")
	n.ApplyText(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: exec}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get, list]}
- {apiGroups: [""], resources: [pods/exec], verbs: [get, create]}
- {apiGroups: [apps], resources: [deployments, replicasets], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: exec}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: exec}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: guest}]
`)
	r := n.xexec(t, "--as", "guest", "--debug-image", "testbed.local/busybox:1", n.Pods(t, "app=distroless")[0], "--", "true")
	if r.Code != 4 || !strings.Contains(r.Stderr, "update on pods/ephemeralcontainers") {
		t.Errorf("exit code %d: %s", r.Code, r.Stderr)
	}
	if pods := n.Pods(t, "app=distroless"); slices.ContainsFunc(pods, func(pod string) bool { return len(n.ephemeral(t, pod)) > 0 }) {
		t.Error("a container was added")
	}
}
