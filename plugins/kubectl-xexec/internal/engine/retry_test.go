package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// errRefused is a dial that failed.
var errRefused = fmt.Errorf("connecting to the API server: %w", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})

// notStarted is the result of a dial that failed.
func notStarted() engine.Result {
	return engine.Result{Outcome: podexec.NotStarted, ExitCode: engine.Unknown, Reason: errRefused.Error(), Err: errRefused, StartedAt: time.Now()}
}

func TestRetry(t *testing.T) {
	for _, tc := range []struct {
		name    string
		retries int
		attempt func(n int, out io.Writer, started func()) engine.Result
		want    podexec.Outcome
		tries   int
	}{
		{"works the third time", 2, func(n int, _ io.Writer, started func()) engine.Result {
			if n < 3 {
				return notStarted()
			}
			started()
			return engine.Result{Outcome: podexec.OK, StartedAt: time.Now()}
		}, podexec.OK, 3},
		{"never works", 2, func(int, io.Writer, func()) engine.Result { return notStarted() }, podexec.NotStarted, 3},
		{"no retries", 0, func(int, io.Writer, func()) engine.Result { return notStarted() }, podexec.NotStarted, 1},
		{"started", 2, func(_ int, _ io.Writer, started func()) engine.Result {
			started()
			return notStarted()
		}, podexec.NotStarted, 1},
		{"wrote something", 2, func(_ int, out io.Writer, _ func()) engine.Result {
			fmt.Fprint(out, "x")
			return notStarted()
		}, podexec.NotStarted, 1},
		{"lost", 2, func(int, io.Writer, func()) engine.Result {
			r := notStarted()
			r.Outcome = podexec.Lost
			return r
		}, podexec.Lost, 1},
		{"denied", 2, func(int, io.Writer, func()) engine.Result {
			r := notStarted()
			r.Outcome = podexec.Denied
			return r
		}, podexec.Denied, 1},
		{"no such program", 2, func(int, io.Writer, func()) engine.Result {
			r := notStarted()
			r.ExitCode = 127
			return r
		}, podexec.NotStarted, 1},
		{"something may be left", 2, func(int, io.Writer, func()) engine.Result {
			r := notStarted()
			r.Left = engine.LeftUnknown
			return r
		}, podexec.NotStarted, 1},
		{"a reason that stays", 2, func(int, io.Writer, func()) engine.Result {
			r := notStarted()
			r.Err = errors.New("no such container")
			return r
		}, podexec.NotStarted, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := job(1, 0)
				j.Retries = tc.retries
				tries, rechecks, told := 0, 0, 0
				j.Run = func(_ context.Context, _ <-chan struct{}, _ resolve.Target, out, _ io.Writer, started func()) engine.Result {
					tries++
					return tc.attempt(tries, out, started)
				}
				j.Recheck = func(context.Context, resolve.Target) error { rechecks++; return nil }
				j.Events.Retrying = func(_ int, _ engine.Result, wait time.Duration) {
					told++
					if low := 250 * time.Millisecond << (told - 1); wait < low || wait > 2*low {
						t.Errorf("wait %d is %s, want %s to %s", told, wait, low, 2*low)
					}
				}
				began := time.Now()
				results, err := engine.RunAll(t.Context(), j, quietSink(1))
				r := results[0]
				if err != nil || r.Outcome != tc.want || tries != tc.tries || r.Attempts != tries || rechecks != tries-1 || told != tries-1 {
					t.Errorf("%s after %d attempts (%d told), %d rechecks, %d waits", r.Outcome, tries, r.Attempts, rechecks, told)
				}
				if tries > 1 && (!r.StartedAt.Equal(began) || r.Duration != time.Since(began)) {
					t.Errorf("began %s too late, took %s, want %s", r.StartedAt.Sub(began), r.Duration, time.Since(began))
				}
			})
		})
	}
}

// A retry is a start, and nothing starts in a run that is over, or in another pod.
func TestRetryIsGivenUp(t *testing.T) {
	for _, tc := range []struct{ name, want string }{
		{"interrupted", "; not tried again: interrupted before it started"},
		{"failures", "; not tried again: stopped after 1 failure"},
		{"replaced", `; not tried again: pod "web-0" was replaced`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				j := job(2, 0)
				j.Retries, j.FailFast = 5, tc.name == "failures"
				tries := 0
				j.Run = func(_ context.Context, _ <-chan struct{}, target resolve.Target, _, _ io.Writer, _ func()) engine.Result {
					if target.Pod == "web-1" {
						time.Sleep(100 * time.Millisecond)
						if tc.name == "interrupted" {
							cancel()
						}
						return engine.Result{Outcome: podexec.Failed, ExitCode: 1}
					}
					tries++
					return notStarted()
				}
				if tc.name == "replaced" {
					j.Recheck = func(context.Context, resolve.Target) error { return errors.New(`pod "web-0" was replaced`) }
				}
				results, err := engine.RunAll(ctx, j, quietSink(2))
				r := results[0]
				if err != nil || tries != 1 || r.Outcome != podexec.NotStarted || r.Attempts != 1 || !strings.HasSuffix(r.Reason, tc.want) ||
					!strings.HasPrefix(r.Reason, errRefused.Error()) || !errors.Is(r.Err, errRefused) {
					t.Errorf("%d attempts, %+v, error %v", tries, r, err)
				}
			})
		})
	}
}
