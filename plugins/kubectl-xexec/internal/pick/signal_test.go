//go:build unix

package pick_test

import (
	"syscall"
	"testing"
)

// signalResize does what the kernel does for the foreground process of a terminal;
// the test's own terminal is another one.
func signalResize(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGWINCH); err != nil {
		t.Fatal(err)
	}
}
