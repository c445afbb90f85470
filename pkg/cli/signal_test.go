package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// TestMain lets the test binary play a plugin's process, since signals and
// exit codes belong to processes.
func TestMain(m *testing.M) {
	if os.Getenv("CLI_TEST_PLUGIN") != "" {
		os.Exit(Main(newTestPlugin))
	}
	// A handled signal is back to its default in a child, an ignored one stays
	// ignored: the tests must pass under nohup, too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	os.Exit(m.Run())
}

// newTestPlugin says that it is ready and then waits for the context; with the
// argument "stubborn" it ignores the context.
func newTestPlugin(*streams.IO) *cobra.Command {
	return &cobra.Command{Use: "kubectl-x", RunE: func(cmd *cobra.Command, args []string) error {
		fmt.Println("ready")
		<-cmd.Context().Done()
		fmt.Println("cancelled by", strings.Trim(strings.TrimPrefix(context.Cause(cmd.Context()).Error(), "interrupted"), " ()"))
		if len(args) > 0 {
			select {}
		}
		return cmd.Context().Err()
	}}
}

func startPlugin(t *testing.T, args ...string) (cmd *exec.Cmd, lines *bufio.Scanner, errOut *strings.Builder) {
	t.Helper()
	cmd = exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "CLI_TEST_PLUGIN=1")
	errOut = &strings.Builder{}
	cmd.Stderr = errOut
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines = bufio.NewScanner(out)
	expectLine(t, lines, "ready")
	return cmd, lines, errOut
}

func expectLine(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() || lines.Text() != want {
		t.Fatalf("read %q (%v), want %q", lines.Text(), lines.Err(), want)
	}
}

func TestSignalsCancelAndExit130(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		cmd, lines, errOut := startPlugin(t)
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		expectLine(t, lines, "cancelled by "+sig.String())
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != ExitInterrupted {
			t.Errorf("%s: %v, want exit code %d", sig, err, ExitInterrupted)
		}
		if got := errOut.String(); !strings.HasPrefix(got, "error: interrupted") || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: stderr = %q, want one line", sig, got)
		}
	}
}

func TestSecondCtrlCLeavesAtOnce(t *testing.T) {
	cmd, lines, _ := startPlugin(t, "stubborn")
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	expectLine(t, lines, "cancelled by interrupt")
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGINT {
		t.Errorf("ended with %v, want killed by SIGINT", cmd.ProcessState)
	}
}

func TestSignalsIgnoredByTheParentStayIgnored(t *testing.T) {
	cmd := exec.Command("sh", "-c", `trap '' HUP; exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), "CLI_TEST_PLUGIN=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	expectLine(t, lines, "ready")
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if sig == syscall.SIGHUP {
			time.Sleep(200 * time.Millisecond) // were it heeded, it would be the signal that is reported
		}
	}
	expectLine(t, lines, "cancelled by terminated")
	_ = cmd.Wait()
}
