package podexec_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// cutBehind runs a command, breaks the servers behind the API server while it
// runs, and returns how the client says that it ended.
func cutBehind(t *testing.T, minor int, cut func(*kubetest.Server), options ...podexec.Option) podexec.Result {
	t.Helper()
	s := kubetest.Start(t, kubetest.Options{Minor: minor})
	s.Put(kubetest.Pod("default", "web-0", "app"))
	c, err := podexec.New(s.RESTConfig(), options...)
	if err != nil {
		t.Fatal(err)
	}
	req := shell("echo begun; sleep 60")
	req.Stdout = writerFunc(func(p []byte) (int, error) {
		if bytes.Contains(p, []byte("begun")) {
			go cut(s)
		}
		return len(p), nil
	})
	return c.Run(limit(t, 20*time.Second), req)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A kubelet or a container runtime that restarts takes the command's exit code
// with it. End to end, that is lost; behind a translated WebSocket, servers make
// up a success, and this test notices when they stop.
func TestEndToEndNeverBelievesAMadeUpSuccess(t *testing.T) {
	for _, tc := range []struct {
		minor int
		name  string
		cut   func(*kubetest.Server)
		lie   bool // over a WebSocket
	}{
		{35, "runtime", (*kubetest.Server).RestartRuntime, true},
		{35, "kubelet", (*kubetest.Server).RestartKubelet, true},
		{37, "runtime", (*kubetest.Server).RestartRuntime, true},
		{37, "kubelet", (*kubetest.Server).RestartKubelet, false},
	} {
		t.Run(fmt.Sprintf("1.%d %s", tc.minor, tc.name), func(t *testing.T) {
			res := cutBehind(t, tc.minor, tc.cut, podexec.EndToEnd())
			want(t, res, podexec.Lost, -1)
			if res.Transport != "spdy" || res.Requests != 1 {
				t.Errorf("%d requests over %q", res.Requests, res.Transport)
			}
			if res := cutBehind(t, tc.minor, tc.cut); (res.Outcome == podexec.OK) != tc.lie || res.Transport != "websocket" {
				t.Errorf("over a WebSocket: %s, want a made-up success: %v", res.Outcome, tc.lie)
			}
		})
	}
}

func TestEndToEndFallsBackOnce(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	s.Put(kubetest.Pod("default", "web-0", "app"))
	s.Faults().Set(kubetest.Fault{Upgrade: "spdy", Code: http.StatusBadGateway, Plain: true})
	c, err := podexec.New(s.RESTConfig(), podexec.EndToEnd())
	if err != nil {
		t.Fatal(err)
	}
	for i, requests := range []int{2, 1, 1} {
		res := c.Run(limit(t, 10*time.Second), shell("exit 4"))
		want(t, res, podexec.Failed, 4)
		if res.Transport != "websocket" || res.Requests != requests {
			t.Errorf("run %d: %d requests over %q", i, res.Requests, res.Transport)
		}
	}
}

// A refusal by Kubernetes is final in this order, too, and the switch that asks
// for WebSockets is obeyed.
func TestEndToEndRefusalAndSwitch(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	s.Put(kubetest.Pod("default", "web-0", "app"))
	c, err := podexec.New(s.RESTConfig(), podexec.EndToEnd())
	if err != nil {
		t.Fatal(err)
	}
	s.Deny(kubetest.Rule{Verb: "create", Resource: "pods/exec"})
	if res := c.Run(limit(t, 10*time.Second), shell("true")); res.Outcome != podexec.Denied || res.Requests != 1 {
		t.Errorf("%s after %d requests, want denied after one", res.Outcome, res.Requests)
	}
	s.AllowAll()
	t.Setenv(offSwitch, "true")
	if res := c.Run(limit(t, 10*time.Second), shell("true")); res.Outcome != podexec.OK || res.Transport != "websocket" {
		t.Errorf("%s over %q, want ok over websocket", res.Outcome, res.Transport)
	}
}
