package podexec_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

const (
	offSwitch = "KUBECTL_REMOTE_COMMAND_WEBSOCKETS"
	spdyOnly  = "PODEXEC_TEST_WEBSOCKETS" // switched off by TestMain
)

// eachWay runs a test over both transports, against the wiring of an older and
// of the newest release.
func eachWay(t *testing.T, test func(t *testing.T, s *kubetest.Server, c *podexec.Client)) {
	t.Helper()
	eachWayOf(t, true, test)
}

// eachWayInTurn is eachWay for tests that use the whole machine.
func eachWayInTurn(t *testing.T, test func(t *testing.T, s *kubetest.Server, c *podexec.Client)) {
	t.Helper()
	eachWayOf(t, false, test)
}

func eachWayOf(t *testing.T, together bool, test func(t *testing.T, s *kubetest.Server, c *podexec.Client)) {
	t.Helper()
	for _, transport := range []string{"websocket", "spdy"} {
		for _, minor := range []int{35, 37} {
			t.Run(fmt.Sprintf("%s/1.%d", transport, minor), func(t *testing.T) {
				if together {
					t.Parallel()
				}
				s := kubetest.Start(t, kubetest.Options{Minor: minor})
				s.Put(kubetest.Pod("default", "web-0", "app"))
				c := newClient(t, s)
				if transport == "spdy" {
					c.SetSwitch(spdyOnly)
				}
				test(t, s, c)
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
