package pace

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
)

// canary asks for PONG now and then, over a connection of its own, as any other
// client would ask for something.
type canary struct {
	client *redis.Client
	conn   *redis.Conn
	mu     sync.Mutex
	base   time.Duration // median before the scan; 0 if nothing came
	last   []time.Duration
	all    []time.Duration // a sample, for the receipt
	n      int             // of so many
}

const (
	warmUp = 5  // PINGs before the scan
	window = 20 // PINGs that decide
)

func newCanary(ctx context.Context, client *redis.Client) *canary {
	c := &canary{client: client, conn: client.Conn()}
	var before []time.Duration
	for range warmUp {
		if d, ok := c.ping(ctx); ok {
			before = append(before, d)
		}
	}
	c.base = quantile(before, 0.5)
	return c
}

func (c *canary) ping(ctx context.Context) (time.Duration, bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := time.Now()
	err := c.conn.Ping(ctx).Err()
	return time.Since(start), err == nil
}

func (c *canary) watch(ctx context.Context) {
	defer func() { _ = c.conn.Close() }()
	pause.Every(ctx, pings, func() {
		d, ok := c.ping(ctx)
		if !ok { // the connection may be lost; a refusal costs no more than this
			_ = c.conn.Close()
			c.conn = c.client.Conn()
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.last = append(c.last, d)
		if len(c.last) > window {
			c.last = c.last[1:]
		}
		const most = 1 << 12
		if c.n++; len(c.all) < most {
			c.all = append(c.all, d)
		} else if at := rand.IntN(c.n); at < most {
			c.all[at] = d
		}
	})
}

// calm is the part of the limit that latency leaves, given the part that it left
// before: half of it while answers are late, a tenth of all more while they are not.
func (c *canary) calm(allowed time.Duration, before float64) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.last) < warmUp || c.base == 0 {
		return before
	}
	if allowed == 0 {
		allowed = max(2*time.Millisecond, c.base/2)
	}
	if quantile(c.last, 0.9) > c.base+allowed {
		c.last = nil // judge the new pace by itself
		return max(0.05, before/2)
	}
	return min(1, before+0.1)
}

// late is the 99th percentile during the scan, 0 if nothing came.
func (c *canary) late() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return quantile(c.all, 0.99)
}

func quantile(of []time.Duration, q float64) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
