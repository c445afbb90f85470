//go:build unix

package debugger

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// proc makes a folder that looks like /proc, with the control group of each
// process; "self" is the keeper's.
func proc(t *testing.T, groups map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for pid, group := range groups {
		if err := os.MkdirAll(filepath.Join(dir, pid), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, pid, "cgroup"), []byte(group+"\n"), 0o600); err != nil {
			t.Fatal(err)
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
	dir := proc(t, map[string]string{"self": "0::/", "1": "0::/../app"})
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

func TestKeeperStaysWhileUsed(t *testing.T) {
	t.Parallel()
	dir := proc(t, map[string]string{"self": "0::/", "1": "0::/../app", "40": "0::/"})
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
	cmd, done := keep(t, time.Hour, proc(t, map[string]string{"self": "0::/"}))
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
