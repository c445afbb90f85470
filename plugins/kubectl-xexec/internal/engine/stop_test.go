package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// ends is a Run in which pod web-N takes a second, and fails if fails says so.
func ends(fails func(pod string) bool) engine.Run {
	return func(_ context.Context, _ <-chan struct{}, t resolve.Target, _, _ io.Writer, started func()) engine.Result {
		began := time.Now()
		started()
		time.Sleep(time.Second)
		r := engine.Result{Outcome: podexec.OK, StartedAt: began, Duration: time.Since(began)}
		if fails(t.Pod) {
			r.Outcome, r.ExitCode = podexec.Failed, 1
		}
		return r
	}
}

func quietSink(n int) *sink { return &sink{text: make([]strings.Builder, n)} }

// tally counts outcomes, and the reasons of what was not started.
func tally(results []engine.Result) (outcomes map[podexec.Outcome]int, reasons []string) {
	outcomes = map[podexec.Outcome]int{}
	for _, r := range results {
		outcomes[r.Outcome]++
		if r.Outcome == podexec.NotStarted && !slices.Contains(reasons, r.Reason) {
			reasons = append(reasons, r.Reason)
		}
	}
	return outcomes, reasons
}

// A run that should stop and does not is the most dangerous one, with every
// combination of waves, parallelism and bounds.
func TestMaxFailuresStopsTheRun(t *testing.T) {
	number := func(n int, percent bool) *engine.Size { return &engine.Size{N: n, Percent: percent} }
	all := func(string) bool { return true }
	for _, tc := range []struct {
		name     string
		max      *engine.Size
		fast     bool
		parallel int
		batches  []engine.Size
		fails    func(string) bool
		ran      int
		reason   string
	}{
		{"no bound", nil, false, 4, nil, all, 20, ""},
		{"one by one", number(2, false), false, 1, nil, all, 3, "stopped after 3 failures"},
		{"none may", number(0, false), false, 1, nil, all, 1, "stopped after 1 failure"},
		{"fail fast", nil, true, 1, nil, all, 1, "stopped after 1 failure"},
		{"fail fast beats a bound", number(5, false), true, 1, nil, all, 1, "stopped after 1 failure"},
		{"what runs goes on", number(0, false), false, 4, nil, all, 4, "stopped after 1 failure"},
		{"10% of 20 are 2", number(10, true), false, 1, nil, all, 3, "stopped after 3 failures"},
		{"14% of 20 are 2.8", number(14, true), false, 1, nil, all, 3, "stopped after 3 failures"},
		{"0%", number(0, true), false, 1, nil, all, 1, "stopped after 1 failure"},
		{"all may", number(100, true), false, 4, nil, all, 20, ""},
		{"as many as may", number(20, false), false, 4, nil, all, 20, ""},
		{"in the first wave", number(0, false), false, 8, []engine.Size{{N: 1}, {N: 50, Percent: true}}, all, 1, "stopped after 1 failure"},
		{"in the second wave", number(1, false), false, 2, []engine.Size{{N: 1}, {N: 10}}, all, 3, "stopped after 2 failures"},
		{"over waves", number(2, false), false, 1, []engine.Size{{N: 1}}, all, 3, "stopped after 3 failures"},
		{"the last one", number(0, false), false, 1, nil, func(pod string) bool { return pod == "web-19" }, 20, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := job(20, 3) // skipped pods are neither targets nor failures
				j.MaxFailures, j.FailFast, j.Parallel, j.Batches, j.Run = tc.max, tc.fast, tc.parallel, tc.batches, ends(tc.fails)
				var said []string
				j.Events.Stopped = func(reason string) { said = append(said, reason) }
				s := quietSink(20)
				results, err := engine.RunAll(t.Context(), j, s)
				if err != nil || len(s.landed) != 23 {
					t.Fatalf("%d rows landed, error %v", len(s.landed), err)
				}
				outcomes, reasons := tally(results)
				if ran := outcomes[podexec.OK] + outcomes[podexec.Failed]; ran != tc.ran || strings.Join(reasons, "; ") != tc.reason {
					t.Errorf("%d targets ran, want %d; reasons %q, want %q", ran, tc.ran, reasons, tc.reason)
				}
				if strings.Join(said, "; ") != tc.reason {
					t.Errorf("told %q, want %q", said, tc.reason)
				}
			})
		})
	}
}

func TestInterruptAsksFirstAndThenCuts(t *testing.T) {
	for _, tc := range []struct {
		name    string
		confirm time.Duration // how long a command takes to end when asked to
		took    time.Duration
		want    podexec.Outcome
	}{
		{"confirmed", 200 * time.Millisecond, 200 * time.Millisecond, podexec.Failed},
		{"never confirmed", time.Hour, 700 * time.Millisecond, podexec.Lost},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				j := job(6, 0)
				j.Parallel = 3
				because := errors.New("Ctrl-C")
				j.Run = func(ctx context.Context, stop <-chan struct{}, _ resolve.Target, _, _ io.Writer, started func()) engine.Result {
					started()
					<-stop
					select {
					case <-time.After(tc.confirm):
						return engine.Result{Outcome: podexec.Failed, ExitCode: 143, Left: engine.LeftEnded}
					case <-ctx.Done():
						if !errors.Is(context.Cause(ctx), because) {
							t.Errorf("cut off because of %v", context.Cause(ctx))
						}
						return engine.Result{Outcome: podexec.Lost, ExitCode: engine.Unknown, Left: engine.LeftUnknown}
					}
				}
				time.AfterFunc(5*time.Second, func() { cancel(because) })
				began := time.Now()
				results, err := engine.RunAll(ctx, j, quietSink(6))
				if took := time.Since(began) - 5*time.Second; err != nil || took != tc.took {
					t.Errorf("ended %s after the interrupt, error %v; want %s", took, err, tc.took)
				}
				outcomes, reasons := tally(results)
				if outcomes[tc.want] != 3 || outcomes[podexec.NotStarted] != 3 || len(reasons) != 1 || reasons[0] != "interrupted before it started" {
					t.Errorf("outcomes %v, reasons %q", outcomes, reasons)
				}
			})
		})
	}
}

// When nobody listens any more, what runs ends in good order, and the results are
// still true.
func TestDeafSinkStopsWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := job(10, 0)
		j.Parallel = 3
		j.Run = func(_ context.Context, stop <-chan struct{}, target resolve.Target, _, _ io.Writer, _ func()) engine.Result {
			if target.Pod == "web-0" {
				time.Sleep(time.Second) // until the others run
				return engine.Result{Outcome: podexec.OK}
			}
			<-stop
			return engine.Result{Outcome: podexec.Failed, ExitCode: 143, Left: engine.LeftEnded}
		}
		s := quietSink(10)
		s.fail = 1
		results, err := engine.RunAll(t.Context(), j, s)
		outcomes, reasons := tally(results)
		if err == nil || len(s.landed) != 1 || outcomes[podexec.OK] != 1 || outcomes[podexec.Failed] != 2 || outcomes[podexec.NotStarted] != 7 ||
			len(reasons) != 1 || reasons[0] != "stopped because the output could not be written" {
			t.Errorf("error %v, %d told, outcomes %v, reasons %q", err, len(s.landed), outcomes, reasons)
		}
	})
}

func TestWavesWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := job(6, 0)
		j.Batches, j.BatchPause = []engine.Size{{N: 1}, {N: 2}}, 10*time.Second
		began := time.Now()
		var log []string
		note := func(format string, args ...any) {
			log = append(log, time.Since(began).String()+" "+fmt.Sprintf(format, args...))
		}
		j.Run = ends(func(string) bool { return false })
		j.Events.Wave = func(n, of, targets int) { note("wave %d/%d of %d", n, of, targets) }
		j.Events.Between = func(n, of int) { note("before %d/%d", n, of) }
		j.Ready = func(_ context.Context, targets []resolve.Target) error {
			note("ready? %s…%d", targets[0].Pod, len(targets))
			time.Sleep(5 * time.Second)
			return nil
		}
		if _, err := engine.RunAll(t.Context(), j, quietSink(6)); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"0s wave 1/4 of 1", "1s before 2/4", "11s ready? web-0…1",
			"16s wave 2/4 of 2", "17s before 3/4", "27s ready? web-1…2",
			"32s wave 3/4 of 2", "33s before 4/4", "43s ready? web-3…2",
			"48s wave 4/4 of 1",
		}
		if !slices.Equal(log, want) {
			t.Errorf("log\n%s\nwant\n%s", strings.Join(log, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestWhatIsNotReadyEndsTheWaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := job(5, 0)
		j.Batches, j.Run = []engine.Size{{N: 2}}, ends(func(string) bool { return false })
		j.Ready = func(_ context.Context, targets []resolve.Target) error {
			return fmt.Errorf("pod %q is gone", targets[1].Pod)
		}
		results, err := engine.RunAll(t.Context(), j, quietSink(5))
		outcomes, reasons := tally(results)
		if err != nil || outcomes[podexec.OK] != 2 || outcomes[podexec.NotStarted] != 3 ||
			len(reasons) != 1 || reasons[0] != `stopped after batch 1: pod "web-1" is gone` {
			t.Errorf("error %v, outcomes %v, reasons %q", err, outcomes, reasons)
		}
		// An interrupt is none of the pods' faults, wherever the run waits.
		for _, at := range []time.Duration{2 * time.Second, 8 * time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), at)
			defer cancel()
			j.BatchPause = 5 * time.Second
			j.Ready = func(ctx context.Context, _ []resolve.Target) error {
				<-ctx.Done()
				return ctx.Err()
			}
			began := time.Now()
			results, err = engine.RunAll(ctx, j, quietSink(5))
			if _, reasons = tally(results); err != nil || time.Since(began) != at || len(reasons) != 1 || reasons[0] != "interrupted before it started" {
				t.Errorf("interrupted after %s: ended after %s, error %v, reasons %q", at, time.Since(began), err, reasons)
			}
		}
	})
}
