package podexec_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

const offSwitch = "KUBECTL_REMOTE_COMMAND_WEBSOCKETS"

// eachWay runs a test over both transports, against the wiring of an older and
// of the newest release.
func eachWay(t *testing.T, test func(t *testing.T, s *kubetest.Server, c *podexec.Client)) {
	t.Helper()
	for _, transport := range []string{"websocket", "spdy"} {
		for _, minor := range []int{35, 37} {
			t.Run(fmt.Sprintf("%s/1.%d", transport, minor), func(t *testing.T) {
				t.Setenv(offSwitch, map[string]string{"websocket": "true", "spdy": "false"}[transport])
				s := kubetest.Start(t, kubetest.Options{Minor: minor})
				s.Put(kubetest.Pod("default", "web-0", "app"))
				test(t, s, newClient(t, s))
			})
		}
	}
}

func newClient(t *testing.T, s *kubetest.Server) *podexec.Client {
	t.Helper()
	c, err := podexec.New(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func request(argv ...string) podexec.Request {
	return podexec.Request{Namespace: "default", Pod: "web-0", Container: "app", Command: argv}
}

func shell(script string) podexec.Request { return request("sh", "-c", script) }

func limit(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func want(t *testing.T, res podexec.Result, o podexec.Outcome, code int) {
	t.Helper()
	if res.Outcome != o || res.ExitCode != code {
		t.Errorf("outcome %q, code %d, reason %q, err %v; want %q, %d", res.Outcome, res.ExitCode, res.Reason, res.Err, o, code)
	}
}

func TestStreamsAndSuccess(t *testing.T) {
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		var out, errOut bytes.Buffer
		req := shell("cat; echo complaint >&2")
		input := strings.Repeat("0123456789abcdef", 20_000)
		req.Stdin, req.Stdout, req.Stderr = strings.NewReader(input), &out, &errOut
		res := c.Run(limit(t, 20*time.Second), req)
		want(t, res, podexec.OK, 0)
		if out.String() != input || errOut.String() != "complaint\n" {
			t.Errorf("%d bytes of output, want %d; stderr %q", out.Len(), len(input), errOut.String())
		}
		if res.Requests != 1 || s.Recorder().Upgrades("exec") != 1 || res.Reason != "" || res.Err != nil || res.Duration <= 0 {
			t.Errorf("result %+v, %d requests", res, s.Recorder().Upgrades("exec"))
		}
		if !strings.HasPrefix(t.Name(), "TestStreamsAndSuccess/"+res.Transport) {
			t.Errorf("transport %q", res.Transport)
		}
	})
}

// TestExitCodesAreNotCutToAByte covers what is the server's to spoil: a server
// that translates parses exit codes as one byte itself.
func TestExitCodesAreNotCutToAByte(t *testing.T) {
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		for _, code := range []int{1, 126, 127, 137, 255, 256, 3221225786, -1073741510} {
			s.Container("default/web-0/app", kubetest.Container{
				Start: func(context.Context, []string, io.Reader, io.Writer, io.Writer) (int, error) { return code, nil },
			})
			res := c.Run(limit(t, 10*time.Second), shell(""))
			if translated := strings.Contains(t.Name(), "websocket"); translated && (code < 0 || code > 255) {
				want(t, res, podexec.Lost, -1)
				continue
			}
			want(t, res, podexec.Failed, code)
		}
	})
}

func TestShellsExitCodesAreFailures(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
		for code, script := range map[int]string{3: "exit 3", 127: "nosuchprogram", 126: "/etc/passwd", 137: "kill -9 $$"} {
			want(t, c.Run(limit(t, 10*time.Second), shell(script)), podexec.Failed, code)
		}
	})
}

func TestWhatCannotStart(t *testing.T) {
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		starting := func(start func(stderr io.Writer) (int, error)) func() {
			return func() {
				s.Container("default/web-0/app", kubetest.Container{
					Start: func(_ context.Context, _ []string, _ io.Reader, _, stderr io.Writer) (int, error) {
						return start(stderr)
					},
				})
			}
		}
		for _, tc := range []struct {
			name, reason string
			code         int
			set          func()
		}{
			{"containerd, missing", `"tool" was not found in the container`, 127, func() {
				s.Container("default/web-0/app", kubetest.Container{Programs: []string{}})
			}},
			{"containerd, not executable", `"tool" cannot be executed: permission denied`, 126, starting(func(io.Writer) (int, error) {
				return 0, errors.New(`failed to exec in container: failed to start exec "1": OCI runtime exec failed: exec failed: ` +
					`unable to start container process: exec: "tool": permission denied`)
			})},
			{"cri-o, missing", `"tool" was not found in the container`, 127, starting(func(stderr io.Writer) (int, error) {
				fmt.Fprintln(stderr, `ERRO[0000] exec failed: unable to start container process: exec: "tool": executable file not found in $PATH`)
				return 255, nil
			})},
			{"crun, missing", `"tool" was not found in the container`, 127, starting(func(stderr io.Writer) (int, error) {
				fmt.Fprintln(stderr, "executable file `tool` not found in $PATH: No such file or directory")
				return 127, nil
			})},
			{"container stopped", `container "app" is not running`, -1, func() {
				p := kubetest.Pod("default", "web-0", "app")
				p.Status.ContainerStatuses[0].State.Running = nil
				s.Put(p)
			}},
			{"node unreachable", "the node could not be reached", -1, func() {
				s.Put(kubetest.Pod("default", "web-0", "app"))
				s.NodeDown(true)
			}},
			{"no such pod", `pods "web-0" not found`, -1, func() { s.Delete(kubetest.Pod("default", "web-0", "app")) }},
		} {
			tc.set()
			s.Recorder().Reset()
			req := request("tool")
			req.Stderr = io.Discard
			res := c.Run(limit(t, 10*time.Second), req)
			want(t, res, podexec.NotStarted, tc.code)
			if !strings.Contains(res.Reason, tc.reason) || len(res.Reason) > 120 || res.Err == nil {
				t.Errorf("%s: reason %q, err %v; want %q", tc.name, res.Reason, res.Err, tc.reason)
			}
			if n := s.Recorder().Upgrades("exec"); n != 1 || res.Requests != 1 {
				t.Errorf("%s: %d requests, %d reported", tc.name, n, res.Requests)
			}
		}
	})
}

func TestRefusalsAreFinal(t *testing.T) {
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		for _, tc := range []struct {
			fault   kubetest.Fault
			outcome podexec.Outcome
		}{
			{kubetest.Fault{Code: 401}, podexec.Denied},
			{kubetest.Fault{Code: 403}, podexec.Denied},
			{kubetest.Fault{Code: 403, Message: strings.Repeat("no ", 30_000)}, podexec.Denied},
			{kubetest.Fault{Code: 404}, podexec.NotStarted},
			{kubetest.Fault{Code: 409}, podexec.NotStarted},
			{kubetest.Fault{Code: 429, RetryAfter: time.Second}, podexec.NotStarted},
			{kubetest.Fault{Code: 429, Plain: true}, podexec.NotStarted},
			{kubetest.Fault{Code: 500}, podexec.NotStarted},
			{kubetest.Fault{Code: 503, RetryAfter: time.Second, Plain: true}, podexec.NotStarted},
		} {
			s.Recorder().Reset()
			s.Faults().Set(tc.fault)
			res := c.Run(limit(t, 10*time.Second), shell("true"))
			if res.Outcome != tc.outcome || res.Requests != 1 || s.Recorder().Upgrades("exec") != 1 {
				t.Errorf("%v: %q, %d requests, reason %.80q", tc.fault, res.Outcome, s.Recorder().Upgrades("exec"), res.Reason)
			}
		}
	})
}

func TestForbiddenSaysWhatToAskFor(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{Minor: 34})
	s.Put(kubetest.Pod("default", "web-0", "app"))
	s.Deny(kubetest.Rule{Verb: "get", Resource: "pods/exec"})
	res := newClient(t, s).Run(limit(t, 10*time.Second), shell("true"))
	want(t, res, podexec.Denied, -1)
	if h := hint.Of(res.Err); !strings.Contains(h, "verb get") || !strings.Contains(h, offSwitch+"=false") {
		t.Errorf("hint %q", h)
	}
	s.AllowAll()
	s.Deny(kubetest.Rule{Verb: "create", Resource: "pods/exec"})
	t.Setenv(offSwitch, "false")
	res = newClient(t, s).Run(limit(t, 10*time.Second), shell("true"))
	want(t, res, podexec.Denied, -1)
	if h := hint.Of(res.Err); !strings.Contains(h, "create and get on pods/exec") {
		t.Errorf("hint %q", h)
	}
}

func TestServersWithoutWebSocketsAreAskedOnce(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	s.Put(kubetest.Pod("default", "web-0", "app"))
	s.Faults().Set(kubetest.Fault{Upgrade: "websocket", Code: http.StatusBadRequest, Plain: true})
	c := newClient(t, s)
	for i, requests := range []int{2, 1, 1} {
		res := c.Run(limit(t, 10*time.Second), shell("exit 4"))
		want(t, res, podexec.Failed, 4)
		if res.Transport != "spdy" || res.Requests != requests {
			t.Errorf("run %d: %d requests over %q", i, res.Requests, res.Transport)
		}
	}
}

func TestTerminal(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
		sizes := make(chan podexec.Size, 1)
		sizes <- podexec.Size{Width: 132, Height: 43}
		in, typist := io.Pipe()
		out := &watched{want: "43 132", seen: make(chan struct{})}
		req := shell("until stty size | grep 43; do sleep 0.05; done; read line; echo got $line; test -t 0 && test -t 1 && echo terminal")
		req.TTY, req.Stdin, req.Stdout, req.Resize = true, in, out, sizes
		go func() {
			<-out.seen
			fmt.Fprintln(typist, "hello")
		}()
		want(t, c.Run(limit(t, 10*time.Second), req), podexec.OK, 0)
		for _, part := range []string{"got hello", "terminal"} {
			if !strings.Contains(out.String(), part) {
				t.Errorf("output %q lacks %q", out.String(), part)
			}
		}
	})
}

// watched is a buffer that tells when some text has arrived.
type watched struct {
	bytes.Buffer
	want string
	seen chan struct{}
	told bool
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if !w.told && strings.Contains(w.String(), w.want) {
		w.told = true
		close(w.seen)
	}
	return n, err
}
