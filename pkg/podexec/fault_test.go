package podexec_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// TestRandomCutsAreNeverSuccess cuts connections at random places, from the
// answer to the upgrade on: 500 over each transport.
func TestRandomCutsAreNeverSuccess(t *testing.T) {
	const cuts, workers = 250, 4
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		const script = "written without a process, for speed"
		s.Container("default/web-0/app", kubetest.Container{
			Start: func(_ context.Context, _ []string, _ io.Reader, out, _ io.Writer) (int, error) {
				for range 20 {
					if _, err := out.Write(make([]byte, 1000)); err != nil {
						return 1, err
					}
				}
				return 0, nil
			},
		})
		length := wireLength(t, s, c, shell(script))
		rnd := rand.New(rand.NewPCG(1, uint64(length))) // a test wants the same numbers again
		faults := make(chan kubetest.Fault, cuts)
		for i := range cuts {
			faults <- kubetest.Fault{Break: []kubetest.Break{kubetest.Cut, kubetest.Reset}[i%2], After: rnd.Int64N(length)}
		}
		close(faults)
		var mu sync.Mutex
		outcomes := map[podexec.Outcome]int{}
		next := func(*http.Request) kubetest.Fault { return <-faults }
		s.Faults().Func(next)
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := w; i < cuts; i += workers {
					req := shell(script)
					n := &counter{}
					req.Stdout = n
					res := c.Run(limit(t, 30*time.Second), req)
					mu.Lock()
					outcomes[res.Outcome]++
					mu.Unlock()
					if res.Outcome != podexec.Lost && (res.Outcome != podexec.OK || n.n != 20000) {
						t.Errorf("%s after %d bytes of output: %s", res.Outcome, n.n, res.Reason)
					}
				}
			})
		}
		wg.Wait()
		// A cut after the final status leaves nothing in doubt; the status is
		// the last thing on the wire but for the goodbyes.
		if outcomes[podexec.OK] > cuts/50 {
			t.Errorf("outcomes %v", outcomes)
		}
		t.Logf("%d bytes on the wire: %v", length, outcomes)
	})
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

// wireLength finds out at which byte at the latest a cut hides the status.
func wireLength(t *testing.T, s *kubetest.Server, c *podexec.Client, req podexec.Request) int64 {
	t.Helper()
	low, high := int64(0), int64(1<<20)
	for low < high-1 {
		mid := (low + high) / 2
		s.Faults().Set(kubetest.Fault{Break: kubetest.Cut, After: mid})
		req.Stdout = io.Discard
		if c.Run(limit(t, 10*time.Second), req).Outcome == podexec.OK {
			high = mid
		} else {
			low = mid
		}
	}
	s.Faults().Clear()
	return low
}

func TestOrderlyEndsWithoutAStatusAreLost(t *testing.T) {
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		for _, b := range []kubetest.Break{kubetest.NoStatus, kubetest.Abnormal} {
			for _, script := range []string{"echo out", "exit 3"} {
				s.Faults().Set(kubetest.Fault{Break: b})
				res := c.Run(limit(t, 10*time.Second), shell(script))
				want(t, res, podexec.Lost, -1)
				if res.Err == nil || res.Reason == "" {
					t.Errorf("reason %q, err %v", res.Reason, res.Err)
				}
			}
		}
	})
}

func TestSplitStatusIsPutTogether(t *testing.T) {
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		s.Faults().Set(kubetest.Fault{Break: kubetest.SplitStatus})
		want(t, c.Run(limit(t, 10*time.Second), shell("exit 9")), podexec.Failed, 9)
		want(t, c.Run(limit(t, 10*time.Second), shell("true")), podexec.OK, 0)
	})
}

func TestLocalWriteErrorsAreKept(t *testing.T) {
	full := errors.New("no space left on device")
	eachWay(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
		req := shell("echo a; echo b >&2; exit 2")
		req.Stdout, req.Stderr = failing{full}, io.Discard
		res := c.Run(limit(t, 10*time.Second), req)
		want(t, res, podexec.Lost, 2)
		if !errors.Is(res.Err, full) {
			t.Errorf("err = %v", res.Err)
		}
	})
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestBrokenInputDoesNotLookComplete(t *testing.T) {
	bad := errors.New("bad sector")
	eachWay(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
		req := shell("cat; echo the end")
		var out bytes.Buffer
		req.Stdin, req.Stdout = io.MultiReader(strings.NewReader("half"), failing{bad}), &out
		res := c.Run(limit(t, 10*time.Second), req)
		if res.Outcome != podexec.Lost || !errors.Is(res.Err, bad) || strings.Contains(out.String(), "the end") {
			t.Errorf("%+v, output %q", res, out.String())
		}
	})
}
