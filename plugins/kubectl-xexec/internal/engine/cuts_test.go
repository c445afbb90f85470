package engine_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// breakage makes up a fault, or none, for one request.
func breakage(rnd *rand.Rand) kubetest.Fault {
	codes := []int{429, 500, 502, 503, 504, 403, 404}
	switch rnd.IntN(4) {
	case 0:
		return kubetest.Fault{Code: codes[rnd.IntN(len(codes))], Plain: rnd.IntN(2) == 0, On: "exec"}
	case 1:
		return kubetest.Fault{}
	}
	breaks := []kubetest.Break{kubetest.Cut, kubetest.Reset, kubetest.NoStatus, kubetest.Abnormal, kubetest.SplitStatus}
	return kubetest.Fault{Break: breaks[rnd.IntN(len(breaks))], After: rnd.Int64N(3000), On: "exec"}
}

// starts counts how often the command was started in each pod, at the container
// runtime's side.
type starts struct {
	mu sync.Mutex
	of map[string]int
}

func (s *starts) container(pod string) kubetest.Container {
	return kubetest.Container{Start: func(_ context.Context, _ []string, _ io.Reader, out, _ io.Writer) (int, error) {
		s.mu.Lock()
		s.of[pod]++
		s.mu.Unlock()
		for range 4 {
			if _, err := out.Write(make([]byte, 500)); err != nil {
				return 1, err
			}
		}
		return 0, nil
	}}
}

// TestNothingStartsTwice breaks some 600 connections in all, at random
// places and in random ways: no command may start twice, none that did not start may
// be called ok, none that did may be called not-started, and retries must have helped.
func TestNothingStartsTwice(t *testing.T) {
	for _, tc := range []struct {
		minor int
		spdy  bool
	}{{35, true}, {37, true}, {35, false}, {37, false}} {
		t.Run(fmt.Sprintf("1.%d, spdy first %v", tc.minor, tc.spdy), func(t *testing.T) {
			t.Parallel()
			cuts(t, tc.minor, tc.spdy)
		})
	}
}

func cuts(t *testing.T, minor int, spdy bool) {
	t.Helper()
	const pods = 180
	s := kubetest.Start(t, kubetest.Options{Minor: minor})
	rnd := rand.New(rand.NewPCG(uint64(minor), 3)) // a test wants the same numbers again
	var mu sync.Mutex
	var broken atomic.Int32
	s.Faults().Func(func(*http.Request) kubetest.Fault {
		mu.Lock()
		defer mu.Unlock()
		f := breakage(rnd)
		if f != (kubetest.Fault{}) {
			broken.Add(1)
		}
		return f
	})
	count := starts{of: map[string]int{}}
	var j engine.Job
	for i := range pods {
		name := fmt.Sprintf("web-%d", i)
		s.Put(kubetest.Pod("default", name, "app"))
		s.Container("default/"+name+"/app", count.container(name))
		j.Targets = append(j.Targets, resolve.Target{Namespace: "default", Pod: name, Container: "app"})
	}
	var options []podexec.Option
	if spdy {
		options = append(options, podexec.EndToEnd())
	}
	client, err := podexec.New(s.RESTConfig(), options...)
	if err != nil {
		t.Fatal(err)
	}
	j.Parallel, j.Retries = 64, 3
	j.Run = func(ctx context.Context, _ <-chan struct{}, target resolve.Target, out, errOut io.Writer, _ func()) engine.Result {
		r := client.Run(ctx, podexec.Request{Namespace: target.Namespace, Pod: target.Pod, Container: target.Container,
			Command: []string{"true"}, Stdout: out, Stderr: errOut})
		return engine.Result{Outcome: r.Outcome, ExitCode: r.ExitCode, Reason: r.Reason, Err: r.Err, StartedAt: r.StartedAt, Duration: r.Duration}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	results, err := engine.RunAll(ctx, j, quietSink(pods))
	if err != nil {
		t.Fatal(err)
	}
	s.Close() // what was cut off has ended, and is counted
	count.mu.Lock()
	defer count.mu.Unlock()
	helped := 0
	outcomes := map[podexec.Outcome]int{}
	for _, r := range results {
		outcomes[r.Outcome]++
		n := count.of[r.Target.Pod]
		switch {
		case n > 1:
			t.Errorf("the command in %s was started %d times: %s after %d attempts: %s", r.Target.Pod, n, r.Outcome, r.Attempts, r.Reason)
		case n == 0 && (r.Outcome == podexec.OK || r.Outcome == podexec.Failed):
			t.Errorf("nothing was started in %s, but it is %s", r.Target.Pod, r.Outcome)
		case n == 1 && (r.Outcome == podexec.NotStarted || r.Outcome == podexec.Denied):
			t.Errorf("the command in %s was started, but it is %s: %s", r.Target.Pod, r.Outcome, r.Reason)
		case r.Outcome == podexec.OK && r.Attempts > 1:
			helped++
		}
	}
	if helped == 0 || broken.Load() < 100 {
		t.Errorf("%d results thanks to retries of %d faults: %v", helped, broken.Load(), outcomes)
	}
	t.Logf("%d faults, outcomes %v, %d ok thanks to retries", broken.Load(), outcomes, helped)
}
