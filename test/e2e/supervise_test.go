//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

// superviseVar makes the test binary a client of pkg/supervise, which can be killed
// as its users' clients are: NAMESPACE POD, and the command after that.
const superviseVar = "E2E_SUPERVISE"

const superviseGrace = time.Second

// stubborn are commands that do not end by themselves, or not when they are told to.
// @ is a number that marks all their processes.
var stubborn = []string{
	"exec sleep @",
	"trap '' TERM; sleep @; sleep @; sleep @; sleep @",
	"sleep @ & sleep @ & sleep @",
	"(sleep @ </dev/null >/dev/null 2>&1 &); sleep @",
	"(trap '' TERM; exec sleep @) & (trap '' TERM; exec sleep @) & yes @",
}

func init() {
	if words := os.Getenv(superviseVar); words != "" {
		if err := superviseClient(strings.SplitN(words, " ", 3)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// superviseClient says "started" when the command has, and how it ended. An
// interrupt stops the command.
func superviseClient(words []string) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	var options []podexec.Option
	if os.Getenv("E2E_TRANSPORT") == "spdy" {
		options = append(options, podexec.EndToEnd())
	}
	client, err := podexec.New(cfg, options...)
	if err != nil {
		return err
	}
	interrupt, stop := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(interrupt, os.Interrupt)
	go func() {
		<-interrupt
		close(stop)
	}()
	res := supervise.New(client, supervise.Options{Grace: superviseGrace}).Run(context.Background(), supervise.Request{
		Namespace: words[0], Pod: words[1], Command: supervise.Command{Argv: []string{"sh", "-c", words[2]}},
		Stop: stop, Started: func() { fmt.Println("started") },
	})
	fmt.Printf("%s left=%s verified=%v %s %s\n", res.Outcome, res.Left, res.Verified, res.Transport, res.Reason)
	return nil
}

// superviseMany runs the stubborn commands, a few at a time and 100 in all, ends each
// client with a signal, and returns what the clients said. All processes on the node
// must be gone one second after the grace period.
func superviseMany(t *testing.T, transport string, sig os.Signal) []string {
	t.Helper()
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	pod := n.Pods(t, "app=web")[0]
	var said []string
	var slowest time.Duration
	for round := range 20 {
		mark := fmt.Sprintf("%d", 3_000_000_000+rand.Int64N(1_000_000_000))
		clients := make([]*supervised, len(stubborn))
		for i, script := range stubborn {
			clients[i] = superviseStart(t, n, pod, transport, strings.ReplaceAll(script, "@", mark))
		}
		for _, c := range clients {
			c.awaitStart(t)
		}
		if got := marked(t, mark); got < 10 {
			t.Fatalf("round %d: %d processes carry the mark, which cannot be all of them", round, got)
		}
		begin := time.Now()
		for _, c := range clients {
			if err := c.cmd.Process.Signal(sig); err != nil {
				t.Fatalf("signalling a client: %v", err)
			}
		}
		for marked(t, mark) > 0 {
			if d := time.Since(begin); d > superviseGrace+30*time.Second {
				left := n.Cluster.Run(t, "ps", "axo", "pid,ppid,pgid,stat,wchan:16,args")
				t.Fatalf("round %d: %d processes are left after %s:\n%s", round, marked(t, mark), d, linesWith(left.Stdout, mark))
			}
			time.Sleep(20 * time.Millisecond)
		}
		took := time.Since(begin)
		slowest = max(slowest, took)
		if took > superviseGrace+time.Second {
			t.Errorf("round %d: the last process was gone after %s", round, took)
		}
		for _, c := range clients {
			said = append(said, c.end())
		}
	}
	t.Logf("%d clients over %s ended by %s: the slowest command was gone after %s", len(said), transport, sig, slowest)
	return said
}

// TestSupervisedCommandsEndWithTheirClient kills clients, which leaves them no time
// for a word to anybody.
func TestSupervisedCommandsEndWithTheirClient(t *testing.T) {
	for _, transport := range []string{"spdy", "websocket"} {
		superviseMany(t, transport, os.Kill)
	}
}

// TestSupervisedCommandsStop interrupts clients; each must have seen the end.
func TestSupervisedCommandsStop(t *testing.T) {
	for _, line := range superviseMany(t, "spdy", os.Interrupt) {
		if !strings.HasPrefix(line, "lost left=ended verified=true spdy interrupted") {
			t.Errorf("a client said %q", line)
		}
	}
}

type supervised struct {
	cmd     *exec.Cmd
	started chan struct{}
	lines   chan string
}

func superviseStart(t *testing.T, n *Namespace, pod, transport, script string) *supervised {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &supervised{cmd: exec.CommandContext(t.Context(), exe), started: make(chan struct{}), lines: make(chan string, 1)}
	c.cmd.Env = append(n.Env(), superviseVar+"="+n.Name+" "+pod+" "+script, "E2E_TRANSPORT="+transport)
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd.Stderr = os.Stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatalf("starting a client: %v", err)
	}
	var once sync.Once
	go func() {
		last := ""
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if last = lines.Text(); last == "started" {
				once.Do(func() { close(c.started) })
			}
		}
		c.lines <- last
	}()
	return c
}

func (c *supervised) awaitStart(t *testing.T) {
	t.Helper()
	select {
	case <-c.started:
	case line := <-c.lines:
		t.Fatalf("a client ended too early: %q", line)
	case <-time.After(30 * time.Second):
		t.Fatal("a command did not start")
	}
}

// end waits for the client and returns its last line.
func (c *supervised) end() string {
	line := <-c.lines
	//nolint:errcheck // it may have been killed
	c.cmd.Wait()
	return line
}

func linesWith(text, mark string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, mark) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// marked counts the processes on the node with a mark in their arguments. The clients
// have it in their environment only.
func marked(t *testing.T, mark string) int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, []byte(mark)) {
			count++
		}
	}
	return count
}
