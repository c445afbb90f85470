package pace_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pace"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/scan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(t testing.TB, s *redistest.Server) *redis.Client {
	t.Helper()
	c := (&redisconn.Endpoint{Name: "test", Dial: s.Dial, ClientName: "kubectl-redismem"}).Client()
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func filled(t testing.TB, n int) (*redistest.Server, *redis.Client) {
	t.Helper()
	s := redistest.Start(t, "--enable-debug-command", "yes")
	c := client(t, s)
	if err := c.Do(t.Context(), "DEBUG", "POPULATE", n, "key", 50).Err(); err != nil {
		t.Fatal(err)
	}
	return s, c
}

// run scans with a pacer, and returns the server's own account of the commands.
func run(t *testing.T, s *redistest.Server, c *redis.Client, l pace.Limits) (r pace.Receipt, cpu float64, took time.Duration) {
	t.Helper()
	start := time.Now()
	p := pace.Start(t.Context(), c, "kubectl-redismem", l)
	res, err := scan.Run(t.Context(), scan.Config{Sink: scan.EverySize(func([]byte, int64) {}), Pacer: p,
		Dial: func(ctx context.Context) (net.Conn, error) { return s.Dial(ctx, "", "") }})
	took = time.Since(start)
	r = p.Stop(t.Context())
	if err != nil || !res.Complete {
		t.Fatal(res, err)
	}
	var usec int64
	for _, name := range []string{"cmdstat_scan", "cmdstat_memory|usage"} {
		usec += statOf(t, c, name)
	}
	return r, float64(usec) / 1e6, took
}

func statOf(t *testing.T, c *redis.Client, name string) (usec int64) {
	t.Helper()
	info := c.Info(t.Context(), "commandstats").Val()
	for line := range strings.Lines(info) {
		var calls int64
		if n, _ := fmt.Sscanf(line, name+":calls=%d,usec=%d,", &calls, &usec); n == 2 {
			return usec
		}
	}
	t.Fatalf("no %s in\n%s", name, info)
	return 0
}

// TestIdleServerIsNotThrottled, and the receipt says what the server says.
func TestIdleServerIsNotThrottled(t *testing.T) {
	s, c := filled(t, 300_000)
	c.ConfigResetStat(t.Context())
	r, cpu, _ := run(t, s, c, pace.Limits{})
	if r.Waited > 0 || len(r.For) > 0 {
		t.Errorf("waited: %+v", r)
	}
	if d := r.CPU - cpu; d > cpu/100 || -d > cpu/100 || r.Share <= 0 || r.Share > 1 {
		t.Errorf("receipt %+v, the server says %.3f s", r, cpu)
	}
	if r.Before <= 0 {
		t.Errorf("no latency: %+v", r)
	}
}

// TestLimitHolds: by the server's own account, over the time that the scan took.
func TestLimitHolds(t *testing.T) {
	s, c := filled(t, 100_000)
	const limit = 0.05
	c.ConfigResetStat(t.Context())
	r, cpu, took := run(t, s, c, pace.Limits{MaxCPU: limit})
	if share := cpu / took.Seconds(); share > 1.6*limit {
		t.Errorf("%.3f s of server time in %v: %.1f%%; %+v", cpu, took, share*100, r)
	}
	if r.Waited == 0 || !slices.Equal(r.For, []string{pace.ForCPU}) {
		t.Errorf("receipt %+v", r)
	}
}

// busy lets somebody else use the server until the test is over, and returns when the
// server's rate, an average of the last seconds, shows it.
func busy(t *testing.T, s *redistest.Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	other := client(t, s)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			other.Get(ctx, "key:1")
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	time.Sleep(2 * time.Second)
}

// TestBusyServer: who shares the server is spared, unless the user says otherwise.
func TestBusyServer(t *testing.T) {
	s, c := filled(t, 100_000)
	busy(t, s)
	p := pace.Start(t.Context(), c, "kubectl-redismem", pace.Limits{})
	if most := p.Most(); most != 20 {
		t.Errorf("pages of %d keys", most)
	}
	p.Stop(t.Context())
	p = pace.Start(t.Context(), c, "kubectl-redismem", pace.Limits{MaxCPU: -1})
	if most := p.Most(); most < 1<<20 {
		t.Errorf("pages of %d keys without a limit", most)
	}
	p.Stop(t.Context())
	r, _, _ := run(t, s, c, pace.Limits{})
	if r.Share > 0.4 || r.Waited > 0 && len(r.For) == 0 { // on a busy machine the scan may be slow by itself
		t.Errorf("receipt %+v", r)
	}
}

// TestSilentServer: without rights nothing is known, and nothing is held up.
func TestSilentServer(t *testing.T) {
	s, c := filled(t, 1000)
	admin := client(t, s)
	admin.Do(t.Context(), "ACL", "SETUSER", "default", "-info", "-slowlog")
	p := pace.Start(t.Context(), c, "kubectl-redismem", pace.Limits{})
	if err := p.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	r := p.Stop(t.Context())
	if r.CPU != pace.Unknown || r.Share != pace.Unknown || r.Stall != pace.Unknown || r.Before <= 0 {
		t.Errorf("receipt %+v", r)
	}
}

// TestWaitEnds with its context.
func TestWaitEnds(t *testing.T) {
	_, c := filled(t, 1000)
	p := pace.Start(t.Context(), c, "kubectl-redismem", pace.Limits{MaxCPU: 0.01})
	defer p.Stop(t.Context())
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
	start := time.Now()
	var err error
	for err == nil {
		p.Sent(5000)
		err = p.Wait(ctx)
	}
	if !errors.Is(err, why) || time.Since(start) > 2*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

// TestStall: a slow command of ours in the server's log is found.
func TestStall(t *testing.T) {
	s, c := filled(t, 200_000)
	client(t, s).ConfigSet(t.Context(), "slowlog-log-slower-than", "0")
	p := pace.Start(t.Context(), c, "kubectl-redismem", pace.Limits{})
	c.Scan(t.Context(), 0, "", 100_000)
	if r := p.Stop(t.Context()); r.Stall < time.Millisecond || r.Stall > 10*time.Second {
		t.Errorf("receipt %+v", r)
	}
}

// BenchmarkWait is what a page of an unlimited scan pays.
func BenchmarkWait(b *testing.B) {
	_, c := filled(b, 10)
	p := pace.Start(b.Context(), c, "kubectl-redismem", pace.Limits{})
	defer p.Stop(context.Background())
	for b.Loop() {
		p.Sent(500)
		if err := p.Wait(b.Context()); err != nil || p.Most() < 500 {
			b.Fatal(err)
		}
	}
}

// TestInterruptedScanIsBilled: what it has cost is known all the same.
func TestInterruptedScanIsBilled(t *testing.T) {
	_, c := filled(t, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	p := pace.Start(ctx, c, "kubectl-redismem", pace.Limits{})
	p.Sent(1)
	c.Scan(ctx, 0, "", 1000)
	cancel()
	if r := p.Stop(ctx); r.CPU <= 0 || r.Share <= 0 {
		t.Errorf("receipt %+v", r)
	}
}

// TestLimitWithoutINFO: who sets a limit has it, whatever the server tells.
func TestLimitWithoutINFO(t *testing.T) {
	s, c := filled(t, 1000)
	client(t, s).Do(t.Context(), "ACL", "SETUSER", "default", "-info")
	for _, l := range []pace.Limits{{MaxCPU: 0.1}, {MaxCPU: 0.1, MaxLatency: time.Second}} {
		p := pace.Start(t.Context(), c, "kubectl-redismem", l)
		for range 20 {
			p.Sent(5000)
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if r := p.Stop(t.Context()); r.Waited < 500*time.Millisecond || r.CPU != pace.Unknown {
			t.Errorf("%+v: receipt %+v", l, r)
		}
	}
}

// TestLimitOutlivesItsConnection: a busy server stays spared when the pacer's own
// connection is cut.
func TestLimitOutlivesItsConnection(t *testing.T) {
	s, c := filled(t, 1000)
	busy(t, s)
	p := pace.Start(t.Context(), c, "kubectl-redismem", pace.Limits{})
	defer p.Stop(t.Context())
	for range 3 {
		if err := client(t, s).Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(700 * time.Millisecond)
		if most := p.Most(); most > 1000 {
			t.Fatalf("pages of %d keys", most)
		}
	}
}
