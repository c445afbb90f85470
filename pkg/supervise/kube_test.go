package supervise_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

// eachTransport runs a test against the real streaming handlers.
func eachTransport(t *testing.T, test func(t *testing.T, s *kubetest.Server, r *supervise.Runner)) {
	t.Helper()
	for name, options := range map[string][]podexec.Option{"websocket": nil, "spdy": {podexec.EndToEnd()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := kubetest.Start(t, kubetest.Options{})
			s.Put(kubetest.Pod("default", "web-0", "app"))
			c, err := podexec.New(s.RESTConfig(), options...)
			if err != nil {
				t.Fatal(err)
			}
			test(t, s, supervise.New(c, supervise.Options{Grace: time.Second}))
		})
	}
}

// gone waits until the server runs nothing any more.
func gone(t *testing.T, s *kubetest.Server, limit time.Duration) {
	t.Helper()
	for start := time.Now(); s.Processes() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > limit {
			t.Fatalf("%d processes are left after %s", s.Processes(), limit)
		}
	}
}

func TestOutputIsExact(t *testing.T) {
	noise := make([]byte, 1<<20)
	//nolint:errcheck // never fails
	rand.Read(noise)
	noise = append(noise, 0o36)
	eachTransport(t, func(t *testing.T, _ *kubetest.Server, runner *supervise.Runner) {
		r := command("sh", "-c", "cat; head -c 3000000 /dev/zero >&2; exit 7")
		r.Stdin = bytes.NewReader(noise)
		res := runner.Run(t.Context(), r.Request)
		if res.Outcome != podexec.Failed || res.ExitCode != 7 || !res.Verified || res.Requests != 1 {
			t.Errorf("%+v", res)
		}
		if !bytes.Equal(r.out.Bytes(), noise) || r.errOut.Len() != 3000000 {
			t.Errorf("%d and %d bytes of output", r.out.Len(), r.errOut.Len())
		}
	})
}

func TestSecretsStayOnStdin(t *testing.T) {
	eachTransport(t, func(t *testing.T, s *kubetest.Server, runner *supervise.Runner) {
		r := command("visible")
		r.Command.Script = []byte("#!/bin/bash -e\n# hush-script \x81é\necho \"$1 $TOKEN $PWD $- \\$x\"\ncat /proc/*/cmdline | tr '\\0' '\\n' | grep -c hus[h]-value || true\nread x || echo empty\n")
		r.Command.Env = []supervise.Var{{Name: "TOKEN", Value: "hush-value"}}
		r.Command.Dir = "/usr"
		res := runner.Run(t.Context(), r.Request)
		out, _, _ := strings.Cut(r.out.String(), " /usr ")
		if res.Outcome != podexec.OK || !res.Verified || out != "visible hush-value" || !strings.Contains(r.out.String(), "e") || !strings.HasSuffix(r.out.String(), " $x\n0\nempty\n") {
			t.Errorf("%+v, printed %q and %q", res, r.out.String(), r.errOut.String())
		}
		for _, request := range s.Recorder().Requests() {
			if text := fmt.Sprint(request.Query); strings.Contains(text, "hush") || !strings.Contains(text, "visible") {
				t.Errorf("the API server saw %s", text)
			}
		}
	})
}

func TestStopTimeoutAndCancel(t *testing.T) {
	for name, script := range map[string]string{
		"obeys": "exec sleep 300", "ignores": "trap '' TERM; sleep 300; sleep 300; sleep 300", "floods": "yes", "forks": "sleep 300 & sleep 300",
		"makes groups": "set -m; sleep 300 & timeout 300 bash -c 'trap \"\" TERM; sleep 300; sleep 300'; exit", "makes a session": "exec setsid sleep 300",
	} {
		for _, input := range []bool{false, true} {
			eachTransport(t, func(t *testing.T, s *kubetest.Server, runner *supervise.Runner) {
				r := command("bash", "-c", script)
				r.Stdout = io.Discard
				if input {
					in, w := io.Pipe()
					defer w.Close()
					r.Stdin = in
				}
				r.Timeout = 2 * time.Second // enough for a busy machine to start it
				res := runner.Run(t.Context(), r.Request)
				if res.Outcome != podexec.Timeout || res.Left != supervise.LeftEnded || res.ExitCode != -1 {
					t.Errorf("%s, input %v, timeout: %+v", name, input, res)
				}
				gone(t, s, 5*time.Second)

				stop := make(chan struct{})
				r.Timeout, r.Stop, r.Started = 0, stop, func() { close(stop) }
				if input {
					in, w := io.Pipe()
					defer w.Close()
					r.Stdin = in
				}
				res = runner.Run(t.Context(), r.Request)
				if res.Outcome != podexec.Lost || res.Left != supervise.LeftEnded || res.Reason != "interrupted" {
					t.Errorf("%s, input %v, stop: %+v", name, input, res)
				}
				gone(t, s, 5*time.Second)
				if input {
					return // nothing would tell the command that the client is gone
				}
				ctx, cancel := context.WithCancel(t.Context())
				var cancelled time.Time
				r.Stop, r.Started = nil, func() { cancelled = time.Now(); cancel() }
				res = runner.Run(ctx, r.Request)
				if d := time.Since(cancelled); res.Outcome != podexec.Lost || res.Left != supervise.LeftEnding || d > 2*time.Second {
					t.Errorf("%s, cancel: %+v after %s", name, res, d)
				}
				gone(t, s, 8*time.Second)
			})
		}
	}
}

func TestBackgroundProcessesKeepNobodyWaiting(t *testing.T) {
	eachTransport(t, func(t *testing.T, _ *kubetest.Server, runner *supervise.Runner) {
		r := command("sh", "-c", "sleep 8 & echo done; exit 5")
		start := time.Now()
		res := runner.Run(t.Context(), r.Request)
		if res.Outcome != podexec.Failed || res.ExitCode != 5 || !res.Verified || r.out.String() != "done\n" || !strings.Contains(res.Reason, "keeps the output open") {
			t.Errorf("%+v, printed %q", res, r.out.String())
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("it took %s", d)
		}
	})
}

func TestOutputThatCannotBeWrittenEndsTheCommand(t *testing.T) {
	full := errors.New("no space left on device")
	eachTransport(t, func(t *testing.T, s *kubetest.Server, runner *supervise.Runner) {
		for _, tty := range []bool{false, true} {
			r := command("sh", "-c", "echo one; exec sleep 300")
			r.Stdout, r.TTY = writerFunc(func([]byte) (int, error) { return 0, full }), tty
			start := time.Now()
			res := runner.Run(t.Context(), r.Request)
			left := supervise.LeftEnded
			if tty {
				left = supervise.LeftUnknown
			}
			if res.Outcome != podexec.Lost || !errors.Is(res.Err, full) || res.Left != left || res.Verified || time.Since(start) > 5*time.Second {
				t.Errorf("terminal %v: %+v after %s", tty, res, time.Since(start))
			}
			if !tty {
				gone(t, s, 5*time.Second)
			}
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestContainersWithoutAShell(t *testing.T) {
	eachTransport(t, func(t *testing.T, s *kubetest.Server, runner *supervise.Runner) {
		s.Container("default/web-0/app", kubetest.Container{Programs: []string{"echo", "sleep"}})
		r := command("echo", "plainly")
		res := runner.Run(t.Context(), r.Request)
		if res.Outcome != podexec.OK || res.Verified || res.Requests != 2 || r.out.String() != "plainly\n" || r.started != 1 {
			t.Errorf("%+v, started %d times, printed %q", res, r.started, r.out.String())
		}
		r = command("sleep", "300")
		r.Timeout = 500 * time.Millisecond
		if res := runner.Run(t.Context(), r.Request); res.Outcome != podexec.Timeout || res.Left != supervise.LeftUnknown {
			t.Errorf("%+v", res)
		}
		r = command("echo")
		r.Command.Env = []supervise.Var{{Name: "A", Value: "b"}}
		if res := runner.Run(t.Context(), r.Request); res.Outcome != podexec.NotStarted || !strings.Contains(res.Reason, "no usable shell") || hint.Of(res.Err) == "" {
			t.Errorf("%+v", res)
		}
		r = command("nothing")
		if res := runner.Run(t.Context(), r.Request); res.Outcome != podexec.NotStarted || res.ExitCode != 127 || !strings.Contains(res.Reason, `"nothing"`) {
			t.Errorf("%+v", res)
		}
	})
}

// TestMadeUpSuccess restarts a container runtime under a command: over a WebSocket,
// servers report success.
func TestMadeUpSuccess(t *testing.T) {
	eachTransport(t, func(t *testing.T, s *kubetest.Server, runner *supervise.Runner) {
		r := command("sleep", "300")
		r.Started = func() { go s.RestartRuntime() }
		if res := runner.Run(t.Context(), r.Request); res.Outcome != podexec.Lost || res.Verified || res.ExitCode != -1 || res.Left != supervise.LeftUnknown {
			t.Errorf("%+v", res)
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	eachTransport(t, func(t *testing.T, _ *kubetest.Server, runner *supervise.Runner) {
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				r := command("sh", "-c", fmt.Sprintf("echo %d; exit %d", i, i%7))
				if res := runner.Run(t.Context(), r.Request); !res.Verified || res.ExitCode != i%7 || r.out.String() != fmt.Sprintf("%d\n", i) {
					t.Errorf("%d: %+v, printed %q", i, res, r.out.String())
				}
			})
		}
		wg.Wait()
	})
}
