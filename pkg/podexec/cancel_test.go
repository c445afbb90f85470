package podexec_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

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
	eachWayInTurn(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
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
