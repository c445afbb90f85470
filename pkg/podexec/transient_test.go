package podexec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// TestTransientRefusals asks about real answers to real requests. Over WebSockets a
// gateway's own error does not say whether the request got through.
func TestTransientRefusals(t *testing.T) {
	const backend = "error dialing backend: dial tcp 10.0.0.7:10250: connect: connection refused"
	for _, tc := range []struct {
		fault           kubetest.Fault
		spdy, webSocket bool
	}{
		{kubetest.Fault{Code: 429}, true, true},
		{kubetest.Fault{Code: 429, Plain: true}, true, true},
		{kubetest.Fault{Code: 500}, true, false},
		{kubetest.Fault{Code: 500, Message: backend}, true, true},
		{kubetest.Fault{Code: 500, Plain: true, Message: backend}, true, false},
		{kubetest.Fault{Code: 503}, true, true},
		{kubetest.Fault{Code: 504}, true, false},
		{kubetest.Fault{Code: 500, Message: `unable to upgrade connection: container not found ("app")`}, false, false},
		{kubetest.Fault{Code: 500, Message: `OCI runtime exec failed: exec failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown`}, false, false},
		{kubetest.Fault{Code: 400, Message: "container app is not valid for pod web-0"}, false, false},
		{kubetest.Fault{Code: 401}, false, false},
		{kubetest.Fault{Code: 403}, false, false},
		{kubetest.Fault{Code: 404}, false, false},
		{kubetest.Fault{Code: 409}, false, false},
	} {
		eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
			s.Faults().Set(tc.fault)
			res := c.Run(limit(t, 10*time.Second), shell("true"))
			want := tc.webSocket
			if strings.Contains(t.Name(), "spdy") {
				want = tc.spdy
			}
			if got := podexec.Transient(res.Err); got != want {
				t.Errorf("%s: transient %v, want %v: %s (%v)", tc.fault, got, want, res.Outcome, res.Err)
			}
		})
	}
}

// Behind a server that accepts the upgrade before it looks for the container, the
// same reports come over the connection.
func TestTransientReports(t *testing.T) {
	for message, want := range map[string]bool{
		"Internal error occurred: error dialing backend: EOF":                               true,
		"error sending request: Post \"https://10.0.0.7:10250\": dial tcp: i/o timeout":     true,
		"unable to upgrade connection: Forbidden":                                           true,
		`unable to upgrade connection: container not found ("app")`:                         false,
		"container is not created or running":                                               false,
		"OCI runtime exec failed: exec failed: unable to start container process: EPERM":    false,
		`exec: "nope": executable file not found in $PATH; error dialing backend: whatever`: false,
		"something else": false,
	} {
		if got := podexec.Transient(errors.New(message)); got != want {
			t.Errorf("%q: transient %v, want %v", message, got, want)
		}
	}
}

func TestTransientConnections(t *testing.T) {
	s := kubetest.Start(t, kubetest.Options{})
	s.Put(kubetest.Pod("default", "web-0", "app"))
	run := func(change func(host *string)) podexec.Result {
		cfg := s.RESTConfig()
		change(&cfg.Host)
		if cfg.Host == s.URL() {
			cfg.CAData = nil // so that its certificate is not trusted
		}
		c, err := podexec.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return c.Run(limit(t, 10*time.Second), shell("true"))
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, tc := range map[string]struct {
		host string
		want bool
	}{
		"nobody listens":      {"https://" + closed.Addr().String(), true},
		"no such name":        {"https://no-such-host.invalid", true},
		"a bad certificate":   {s.URL(), false},
		"no TLS on the other": {"http://" + strings.TrimPrefix(s.URL(), "https://"), false},
	} {
		res := run(func(host *string) { *host = tc.host })
		if got := podexec.Transient(res.Err); got != tc.want || res.Outcome == podexec.OK {
			t.Errorf("%s: transient %v, want %v: %s (%v)", name, got, tc.want, res.Outcome, res.Err)
		}
	}
	for err, want := range map[error]bool{
		nil: false, context.Canceled: false, fmt.Errorf("dialing: %w", context.DeadlineExceeded): false,
		fmt.Errorf("connecting to the API server: %w", io.EOF): true,
	} {
		if got := podexec.Transient(err); got != want {
			t.Errorf("%v: transient %v, want %v", err, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		s.Faults().Set(kubetest.Fault{Code: http.StatusTooManyRequests, RetryAfter: 7 * time.Second})
		res := c.Run(limit(t, 10*time.Second), shell("true"))
		if got := podexec.RetryAfter(res.Err); got != 7*time.Second || !podexec.Transient(res.Err) {
			t.Errorf("retry after %s: %v", got, res.Err)
		}
	})
	if got := podexec.RetryAfter(errors.New("other")); got != 0 {
		t.Errorf("retry after %s", got)
	}
}
