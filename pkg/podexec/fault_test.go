package podexec_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// TestRandomCutsAreNeverSuccess cuts the connection at 500 random places, from
// the answer to the upgrade on, over both transports.
func TestRandomCutsAreNeverSuccess(t *testing.T) {
	const cuts, workers = 500, 8
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		const script = "head -c 20000 /dev/zero"
		length := wireLength(t, s, c, shell(script))
		rnd := rand.New(rand.NewPCG(1, uint64(length))) //nolint:gosec // a test wants the same numbers again
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

func TestSilentPeerIsGivenUp(t *testing.T) {
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		c.SetTiming(50*time.Millisecond, 500*time.Millisecond, time.Second)
		s.Faults().Set(kubetest.Fault{Break: kubetest.Stall, After: 700})
		req := shell("head -c 2000 /dev/zero; sleep 5")
		res := c.Run(limit(t, 10*time.Second), req)
		want(t, res, podexec.Lost, -1)
		if res.Duration > 3*time.Second {
			t.Errorf("giving up took %v", res.Duration)
		}
	})
}

func TestQuietCommandIsNotGivenUp(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
		c.SetTiming(50*time.Millisecond, time.Second, time.Second)
		want(t, c.Run(limit(t, 10*time.Second), shell("sleep 2.5; exit 5")), podexec.Failed, 5)
	})
}

// TestCommandThatIgnoresItsInputIsNotGivenUp fills all buffers on the way to
// the command, so that answers to pings are not to be expected.
func TestCommandThatIgnoresItsInputIsNotGivenUp(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
		c.SetTiming(50*time.Millisecond, time.Second, time.Second)
		req := shell("sleep 2.5; cat | wc -c")
		var out bytes.Buffer
		const size = 32 << 20
		req.Stdin, req.Stdout = io.LimitReader(zeros{}, size), &out
		want(t, c.Run(limit(t, 30*time.Second), req), podexec.OK, 0)
		if strings.TrimSpace(out.String()) != fmt.Sprint(size) {
			t.Errorf("%s bytes arrived", out.String())
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestSlowConsumerIsWaitedFor stalls for longer than the patience, with less
// and with more output than all the buffers on the way hold.
func TestSlowConsumerIsWaitedFor(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
		c.SetTiming(400*time.Millisecond, 1200*time.Millisecond, time.Second)
		var wg sync.WaitGroup
		for _, size := range []int{1000, 20 << 20} {
			wg.Go(func() {
				w := &stalling{pause: 3 * time.Second}
				req := shell(fmt.Sprintf("head -c %d /dev/zero; exit 6", size))
				req.Stdout = w
				want(t, c.Run(limit(t, 30*time.Second), req), podexec.Failed, 6)
				if w.n != size {
					t.Errorf("%d bytes of %d arrived", w.n, size)
				}
			})
		}
		wg.Wait()
	})
}

// stalling blocks its first Write.
type stalling struct {
	counter
	pause time.Duration
	once  sync.Once
}

func (s *stalling) Write(p []byte) (int, error) {
	s.once.Do(func() { time.Sleep(s.pause) })
	return s.counter.Write(p)
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

func TestDeadlineIsATimeoutAndCancelIsNot(t *testing.T) {
	eachWay(t, func(t *testing.T, s *kubetest.Server, c *podexec.Client) {
		want(t, c.Run(limit(t, 300*time.Millisecond), shell("sleep 20")), podexec.Timeout, -1)

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		want(t, c.Run(ctx, shell("sleep 20")), podexec.Lost, -1)
		want(t, c.Run(ctx, shell("sleep 20")), podexec.NotStarted, -1)

		// The request is out, and no answer comes.
		s.Faults().Set(kubetest.Fault{Break: kubetest.Stall})
		want(t, c.Run(limit(t, 300*time.Millisecond), shell("true")), podexec.Timeout, -1)
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		want(t, c.Run(ctx, shell("true")), podexec.Lost, -1)
	})
}

// TestCancelLeavesNothingBehind cancels 200 commands in all phases; goleak looks
// for the rest in TestMain.
func TestCancelLeavesNothingBehind(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
		var wg sync.WaitGroup
		slots := make(chan struct{}, 20)
		for i := range 50 {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*2*time.Millisecond)
				defer cancel()
				req := shell("cat; yes | head -c 300000; sleep 20")
				in, w := io.Pipe()
				defer w.Close()
				req.Stdin, req.Stdout = in, io.Discard
				start := time.Now()
				if res := c.Run(ctx, req); res.Outcome != podexec.Timeout {
					t.Errorf("%s %s", res.Outcome, res.Reason)
				}
				if d := time.Since(start); d > 3*time.Second {
					t.Errorf("returning took %v", d)
				}
			})
		}
		wg.Wait()
	})
}

func TestHundredAtOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				var out bytes.Buffer
				req := shell(fmt.Sprintf("echo %d; exit %d", i, i%7))
				req.Stdout = &out
				res := c.Run(limit(t, 60*time.Second), req)
				if res.ExitCode != i%7 || out.String() != fmt.Sprintf("%d\n", i) {
					t.Errorf("run %d: %+v, output %q", i, res, out.String())
				}
			})
		}
		wg.Wait()
	})
}
