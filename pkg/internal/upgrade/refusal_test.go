package upgrade_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
)

func TestFallbackIsForMissingWebSocketsOnly(t *testing.T) {
	status := &metav1.Status{Status: metav1.StatusFailure}
	for _, tc := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("connection refused"), false},
		{&upgrade.Unanswered{Err: io.EOF}, false},
		{&upgrade.Refused{Code: 101}, true},
		{&upgrade.Refused{Code: 200}, true},
		{&upgrade.Refused{Code: 400}, true},
		{&upgrade.Refused{Code: 403}, true},
		{&upgrade.Refused{Code: 405}, true},
		{&upgrade.Refused{Code: 502}, true},
		{&upgrade.Refused{Code: 401}, false},
		{&upgrade.Refused{Code: 407}, false},
		{&upgrade.Refused{Code: 429}, false},
		{&upgrade.Refused{Code: 500}, false},
		{&upgrade.Refused{Code: 503, RetryAfter: time.Second}, false},
		{&upgrade.Refused{Code: 401, Status: status}, false},
		{&upgrade.Refused{Code: 403, Status: status}, false},
		{&upgrade.Refused{Code: 404, Status: status}, false},
		{&upgrade.Refused{Code: 409, Status: status}, false},
		{&upgrade.Refused{Code: 503, Status: status}, false},
		{&upgrade.Refused{Code: 400, Status: &metav1.Status{Message: "Upgrade request required"}}, true},
		{fmt.Errorf("dialing: %w", &upgrade.Refused{Code: 400}), true},
	} {
		if got := upgrade.Fallback(tc.err); got != tc.want {
			t.Errorf("Fallback(%#v) = %v", tc.err, got)
		}
	}
}

func TestRefusalsAreUnderstood(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind string) {
		s, d := server(t)
		for _, fault := range []kubetest.Fault{
			{Code: 403, Message: "no"},
			{Code: 403, Message: strings.Repeat("no", 60_000)}, // cut short on the way
			{Code: 429, RetryAfter: 7 * time.Second},
			{Code: 503, RetryAfter: 7 * time.Second, Plain: true, Message: "come back"},
		} {
			s.Faults().Set(fault)
			err := dial(t.Context(), d, kind)
			var no *upgrade.Refused
			if !errors.As(err, &no) || no.Code != fault.Code || no.RetryAfter != fault.RetryAfter || (no.Status == nil) != fault.Plain {
				t.Errorf("%v: %.100v", fault, err)
			}
			if upgrade.Fallback(err) {
				t.Errorf("%v: is a reason to fall back", fault)
			}
		}
	})
}

func TestEitherRemembersPerSwitch(t *testing.T) {
	s, d := server(t)
	var tried []string
	try := func(kind string) func() error {
		return func() error {
			tried = append(tried, kind)
			return dial(t.Context(), d, kind)
		}
	}
	run := func(off, want string) {
		t.Helper()
		tried = nil
		if err := d.Either(off, try("websocket"), try("spdy")); err != nil {
			t.Error(err)
		}
		if got := strings.Join(tried, " "); got != want {
			t.Errorf("%s: tried %q, want %q", off, got, want)
		}
	}
	s.Faults().Set(kubetest.Fault{Upgrade: "websocket", Code: http.StatusBadRequest, Plain: true})
	run(offSwitch, "websocket spdy")
	run(offSwitch, "spdy")
	s.Faults().Clear()
	run("KUBECTL_PORT_FORWARD_WEBSOCKETS", "websocket")
	t.Setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", "false")
	run("KUBECTL_PORT_FORWARD_WEBSOCKETS", "spdy")
	t.Setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", "true")
	s.Faults().Set(kubetest.Fault{Upgrade: "websocket", Code: http.StatusBadGateway, Plain: true})
	if err := d.Either("KUBECTL_PORT_FORWARD_WEBSOCKETS", try("websocket"), try("spdy")); err == nil {
		t.Error("a passing fault made a dialer fall back that knows better")
	}
}
