package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, kubetest.UpstreamLeaks()...) }

// echo writes the pod's name and succeeds.
func echo(_ context.Context, _ <-chan struct{}, t resolve.Target, out, _ io.Writer, started func()) engine.Result {
	started()
	fmt.Fprint(out, t.Pod)
	return engine.Result{Outcome: podexec.OK, StartedAt: time.Now()}
}

// sink records what happens in the order in which it happens.
type sink struct {
	text   []strings.Builder
	landed []int
	fail   int // fail when so many have landed; 0: never
}

func (s *sink) Open(i int) (stdout, stderr io.Writer) { return &s.text[i], io.Discard }

func (s *sink) Landed(i int, _ engine.Result) error {
	s.landed = append(s.landed, i)
	if len(s.landed) == s.fail {
		return errors.New("nobody listens")
	}
	return nil
}

func job(targets, skipped int) engine.Job {
	var j engine.Job
	for i := range targets {
		j.Targets = append(j.Targets, resolve.Target{Pod: fmt.Sprintf("web-%d", i)})
	}
	for i := range skipped {
		j.Skipped = append(j.Skipped, resolve.Skip{Target: resolve.Target{Pod: fmt.Sprintf("off-%d", i)}, Reason: "pending"})
	}
	return j
}

func TestEveryRowOnceInOrder(t *testing.T) {
	s := &sink{text: make([]strings.Builder, 3)}
	j := job(3, 1)
	j.Run = echo
	results, err := engine.RunAll(t.Context(), j, s)
	if err != nil || len(results) != 4 || len(s.landed) != 4 {
		t.Fatalf("results %v, landed %v, error %v", results, s.landed, err)
	}
	for i := range 3 {
		if name := fmt.Sprintf("web-%d", i); results[i].Target.Pod != name || results[i].Outcome != podexec.OK || s.text[i].String() != name {
			t.Errorf("result %d: %+v with output %q", i, results[i], &s.text[i])
		}
	}
	if r := results[3]; r.Outcome != engine.Skipped || r.Reason != "pending" || r.ExitCode != engine.Unknown || s.landed[0] != 3 {
		t.Errorf("skipped row %+v, landed in order %v", r, s.landed)
	}
}

func TestInterruptedRowsAreNotStarted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	j := job(5, 0)
	j.Parallel = 2
	var runs atomic.Int32
	s := &sink{text: make([]strings.Builder, 5)}
	j.Run = func(_ context.Context, stop <-chan struct{}, t resolve.Target, _, _ io.Writer, _ func()) engine.Result {
		if runs.Add(1) == 2 {
			cancel()
		}
		<-stop
		return engine.Result{Outcome: podexec.Lost, ExitCode: -1, Reason: "interrupted"}
	}
	results, err := engine.RunAll(ctx, j, s)
	var got []string
	for _, r := range results {
		got = append(got, string(r.Outcome))
	}
	if want := "lost lost not-started not-started not-started"; strings.Join(got, " ") != want || err != nil || len(s.landed) != 5 {
		t.Errorf("outcomes %v (%v), %d landed; want %s", got, err, len(s.landed), want)
	}
}

func TestDeafSinkEndsTheRun(t *testing.T) {
	j := job(50, 0)
	j.Parallel = 2
	started := make(chan struct{}, 50)
	s := &sink{text: make([]strings.Builder, 50), fail: 3}
	j.Run = func(ctx context.Context, stop <-chan struct{}, t resolve.Target, out, errOut io.Writer, up func()) engine.Result {
		started <- struct{}{}
		return echo(ctx, stop, t, out, errOut, up)
	}
	_, err := engine.RunAll(t.Context(), j, s)
	if err == nil || len(started) > 5 {
		t.Errorf("error %v after %d starts, want the sink's error soon", err, len(started))
	}
}

func TestReplacedPodsAreNotTouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := job(3, 0)
		j.Parallel = 1
		var asked []string
		j.Recheck = func(_ context.Context, target resolve.Target) error {
			asked = append(asked, target.Pod)
			if target.Pod == "web-2" {
				return errors.New("replaced")
			}
			return nil
		}
		j.Run = func(ctx context.Context, stop <-chan struct{}, t resolve.Target, out, errOut io.Writer, up func()) engine.Result {
			time.Sleep(3 * time.Second)
			return echo(ctx, stop, t, out, errOut, up)
		}
		s := &sink{text: make([]strings.Builder, 3)}
		results, err := engine.RunAll(t.Context(), j, s)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(asked, " "); got != "web-1 web-2" {
			t.Errorf("asked about %q, want those that waited", got)
		}
		if results[1].Outcome != podexec.OK || results[2].Outcome != podexec.NotStarted || s.text[2].Len() != 0 {
			t.Errorf("outcomes %s and %s, output %q of the replaced pod", results[1].Outcome, results[2].Outcome, s.text[2].String())
		}
	})
}

func TestWhy(t *testing.T) {
	for want, r := range map[string]engine.Result{
		"exit code 7": {Outcome: podexec.Failed, ExitCode: 7, Reason: "command terminated"},
		"timeout":     {Outcome: podexec.Timeout},
		"cut off":     {Outcome: podexec.Lost, Reason: "cut off"},
		"":            {Outcome: podexec.OK},
	} {
		if got := r.Why(); got != want {
			t.Errorf("Why of %+v = %q, want %q", r, got, want)
		}
	}
}
