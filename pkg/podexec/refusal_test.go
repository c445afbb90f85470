package podexec_test

import (
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
	if h := hint.Of(res.Err); !strings.Contains(h, "the verb create on pods/exec") {
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

// What a gateway says of a WebSocket may come after the command has begun; what it
// says of SPDY cannot, as the streams come later. A "502" may also mean that the
// gateway knows no WebSockets, and SPDY is tried.
func TestGatewayThatGaveUp(t *testing.T) {
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		want := podexec.NotStarted
		if strings.Contains(t.Name(), "websocket") {
			want = podexec.Lost
		}
		s.Faults().Set(kubetest.Fault{Code: http.StatusGatewayTimeout, Plain: true})
		if res := c.Run(limit(t, 10*time.Second), shell("true")); res.Outcome != want || res.Requests != 1 {
			t.Errorf("504: %s after %d requests, want %s after 1: %v", res.Outcome, res.Requests, want, res.Err)
		}
		s.Faults().Set(kubetest.Fault{Code: http.StatusBadGateway, Plain: true, Upgrade: "websocket"})
		if res := c.Run(limit(t, 10*time.Second), shell("true")); res.Outcome != podexec.OK {
			t.Errorf("502 for WebSockets only: %s, want ok over SPDY: %v", res.Outcome, res.Err)
		}
	})
}
