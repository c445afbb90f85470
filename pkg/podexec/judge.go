package podexec

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
)

func (r *Result) fail(o Outcome, reason string, err error) {
	r.Outcome, r.Reason, r.Err = o, reason, err
}

// refused is for a request that led to no connection.
func (r *Result) refused(ctx context.Context, req *Request, err error) {
	var no *upgrade.Refused
	if errors.As(err, &no) {
		switch no.Code {
		case http.StatusForbidden, http.StatusUnauthorized:
			r.fail(Denied, no.Error(), hint.With(err, advice(no, req)))
		case http.StatusBadGateway, http.StatusGatewayTimeout:
			if no.Method == http.MethodGet && no.Status == nil {
				// A WebSocket brings its streams along: what a gateway says when it
				// gave up waiting may come after the command had begun.
				r.fail(Lost, no.Error(), err)
				return
			}
			r.fail(NotStarted, excuse(no.Error()), err)
		default:
			r.ExitCode = notStartedCode(no.Error())
			r.fail(NotStarted, excuse(no.Error()), err)
		}
		return
	}
	var open *upgrade.Unanswered
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		r.fail(Timeout, r.afterwards("timed out"), err)
	case errors.As(err, &open) && ctx.Err() != nil:
		r.fail(Lost, interrupted, err)
	case errors.As(err, &open):
		r.fail(Lost, err.Error(), err)
	case ctx.Err() != nil:
		r.fail(NotStarted, interrupted, err)
	default:
		r.fail(NotStarted, err.Error(), err)
	}
}

const interrupted = "interrupted"

func (r *Result) afterwards(what string) string {
	return fmt.Sprintf("%s after %s", what, time.Since(r.StartedAt).Round(100*time.Millisecond))
}

// advice says what a user who was refused can do.
func advice(no *upgrade.Refused, req *Request) string {
	message := no.Error()
	switch {
	case no.Code == http.StatusUnauthorized:
		return "log in again: the API server does not accept the credentials"
	case strings.Contains(message, "cannot get resource"):
		return fmt.Sprintf("WebSockets need the verb get on pods/exec in namespace %q as well as create; grant it, or set %s=false",
			req.Namespace, offSwitch)
	case strings.Contains(message, "cannot create resource"):
		return fmt.Sprintf("ask for the verb create on pods/exec in namespace %q", req.Namespace)
	}
	return ""
}

// judge is for a connection that has ended.
func (r *Result) judge(ctx context.Context, req *Request, s *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status.known
	if st != nil {
		r.report(req, s, st)
	} else {
		r.silence(ctx, s)
	}
	if s.local != nil {
		r.fail(Lost, s.local.Error(), s.local)
	}
}

// report is for an end that the server told of.
func (r *Result) report(req *Request, s *session, st *metav1.Status) {
	code, exited := exitCode(st)
	r.ExitCode = code
	switch {
	case exited && code == 0:
		r.Outcome = OK
	case exited && runtimeExcuse(req, s.head, s.received, code):
		// Some runtimes start a helper, whose exit code and complaint arrive in
		// place of the command's.
		message := strings.TrimSpace(string(s.head))
		r.ExitCode = notStartedCode(message)
		r.fail(NotStarted, excuse(message), errors.New(message))
	case exited:
		r.Outcome, r.Reason = Failed, fmt.Sprintf("exit code %d", code)
	case s.received == 0 && neverRan(st.Message):
		r.ExitCode = notStartedCode(st.Message)
		r.fail(NotStarted, excuse(st.Message), errors.New(st.Message))
	default:
		message := st.Message
		if message == "" {
			message = fmt.Sprintf("the server reported %q without an exit code", st.Reason)
		}
		r.fail(Lost, message, errors.New(message))
	}
}

// silence is for an end that the server did not tell of.
func (r *Result) silence(ctx context.Context, s *session) {
	err := s.broken
	if err == nil {
		err = errors.New("the connection ended without an exit code")
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		r.fail(Timeout, r.afterwards("timed out"), ctx.Err())
	case ctx.Err() != nil:
		r.fail(Lost, interrupted, context.Cause(ctx))
	case len(s.status.raw) > 0:
		r.fail(Lost, "the exit status was cut short", fmt.Errorf("reading the exit status: %w", err))
	default:
		r.fail(Lost, err.Error(), err)
	}
}
