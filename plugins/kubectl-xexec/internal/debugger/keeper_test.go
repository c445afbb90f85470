//go:build unix

package debugger

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// proc makes a folder that looks like /proc, with the control group of each
// process. The keeper is process 12, in group 0::/.
func proc(t *testing.T, groups map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	groups["self"], groups["12"] = "0::/", "0::/"
	for pid, group := range groups {
		if err := os.MkdirAll(filepath.Join(dir, pid), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"cgroup": group + "\n", "stat": "12 (sh) S 0 12 12 0 -1\n"} {
			if err := os.WriteFile(filepath.Join(dir, pid, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// keep starts a keeper and returns it with a channel that closes when it ends.
func keep(t *testing.T, idle time.Duration, dir string) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	argv := keeperCommand(idle, dir)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-done })
	return cmd, done
}

func TestKeeperEndsWhenUnused(t *testing.T) {
	t.Parallel()
	// Process 1 is the target's. Process 99 is one that ends while it is looked at.
	dir := proc(t, map[string]string{"1": "0::/../app"})
	if err := os.Mkdir(filepath.Join(dir, "99"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd, done := keep(t, time.Second, dir)
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it runs on")
	}
	if cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
}

// Kubernetes expands $$ in the commands of containers, and $(NAME) if it knows the
// name, which no sum $((…)) is.
func TestKeeperReachesTheContainerAsItIs(t *testing.T) {
	text := strings.Join(keeperCommand(time.Minute, "/proc"), " ")
	if text = strings.ReplaceAll(text, "$((", ""); strings.Contains(text, "$$") || strings.Contains(text, "$(") {
		t.Errorf("Kubernetes would change %s", text)
	}
}

func TestKeeperStaysWhileUsed(t *testing.T) {
	t.Parallel()
	dir := proc(t, map[string]string{"1": "0::/../app", "40": "0::/"})
	_, done := keep(t, time.Second, dir)
	select {
	case <-done:
		t.Fatal("it ended under a command")
	case <-time.After(3 * time.Second):
	}
	if err := os.RemoveAll(filepath.Join(dir, "40")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it runs on after the command")
	}
}

func TestKeeperEndsAtOnceWithItsPod(t *testing.T) {
	t.Parallel()
	cmd, done := keep(t, time.Hour, proc(t, map[string]string{}))
	time.Sleep(200 * time.Millisecond) // until it sleeps
	began := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it ignores TERM")
	}
	if took := time.Since(began); took > time.Second || cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("it ended after %s with %v", took, cmd.ProcessState)
	}
}
