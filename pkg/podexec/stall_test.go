package podexec_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

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
		want(t, c.Run(limit(t, 60*time.Second), req), podexec.OK, 0)
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
// and with more output than all the buffers on the way hold. A ping during the
// stall would cost the end of the output.
func TestSlowConsumerIsWaitedFor(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *kubetest.Server, c *podexec.Client) {
		c.SetTiming(1500*time.Millisecond, 2500*time.Millisecond, 5*time.Second)
		after := ""
		if strings.Contains(t.Name(), "websocket") {
			// Translating servers ping the runtime every 5 s, and lose the end
			// of the output in just that way (and call it a success): let the
			// consumer catch up before the command ends.
			after = "sleep 2;"
		}
		var wg sync.WaitGroup
		for _, size := range []int{1000, 20 << 20} {
			wg.Go(func() {
				w := &stalling{pause: 5 * time.Second}
				req := shell(fmt.Sprintf("head -c %d /dev/zero; %s exit 6", size, after))
				req.Stdout = w
				want(t, c.Run(limit(t, 60*time.Second), req), podexec.Failed, 6)
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
