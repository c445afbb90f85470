package accounting

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func client(t testing.TB, s *redistest.Server) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2, DisableIdentity: true, PoolSize: 1})
	t.Cleanup(func() { c.Close() })
	return c
}

// measure walks one database and sizes every key. SAMPLES is the server's default
// if samples is negative.
func measure(t testing.TB, c *redis.Client, samples int) (m Measured) {
	t.Helper()
	ctx := context.Background()
	m.Complete = true
	var cursor uint64
	for {
		names, next, err := c.Scan(ctx, cursor, "", 1000).Result()
		if err != nil {
			t.Fatal(err)
		}
		p := c.Pipeline()
		for _, n := range names {
			if samples < 0 {
				p.MemoryUsage(ctx, n)
			} else {
				p.MemoryUsage(ctx, n, samples)
			}
			p.PTTL(ctx, n)
			p.Type(ctx, n)
			p.ObjectEncoding(ctx, n)
			p.ObjectRefCount(ctx, n)
		}
		replies, err := p.Exec(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(replies); i += 5 {
			m.Keys++
			m.Bytes += replies[i].(*redis.IntCmd).Val()
			if replies[i+1].(*redis.DurationCmd).Val() >= 0 {
				m.Expiring++
			}
			if replies[i+4].(*redis.IntCmd).Val() == math.MaxInt32 {
				m.Shared++
			}
			kind := replies[i+2].(*redis.StatusCmd).Val()
			if kind == "list" {
				m.Lists++
			}
			if e := replies[i+3].(*redis.StringCmd).Val(); e != "hashtable" && e != "skiplist" {
				continue
			}
			n := names[i/5]
			switch kind {
			case "hash":
				m.Elements += c.HLen(ctx, n).Val()
			case "set":
				m.Elements += c.SCard(ctx, n).Val()
				m.SetElements += c.SCard(ctx, n).Val()
			case "zset":
				m.Elements += c.ZCard(ctx, n).Val()
			}
		}
		if cursor = next; cursor == 0 {
			return m
		}
	}
}

func take(t testing.TB, c *redis.Client) *Snapshot {
	t.Helper()
	s, err := Take(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// balance checks what holds for every ledger.
func balance(t testing.TB, l *report.Ledger) {
	t.Helper()
	if l == nil {
		t.Fatal("no ledger")
	}
	var sum int64
	for _, i := range l.Items {
		sum += i.Bytes
		if i.Bytes < 0 && i.ID != Residual && i.ID != Excess {
			t.Errorf("%s is negative: %d", i.ID, i.Bytes)
		}
		if i.Label == "" || i.Source == "" {
			t.Errorf("%+v says too little", i)
		}
	}
	last := l.Items[len(l.Items)-1]
	if sum != l.Used || last.ID != Residual || last.Bytes != l.Residual {
		t.Errorf("items add up to %d of %d, the last is %+v, the residual %d", sum, l.Used, last, l.Residual)
	}
}

func share(l *report.Ledger) float64 { return 100 * float64(l.Residual) / float64(l.Used) }

func text(l *report.Ledger) string {
	var b strings.Builder
	for _, i := range l.Items {
		fmt.Fprintf(&b, "%14d %6.2f %%  %-12s %s\n", i.Bytes, 100*float64(i.Bytes)/float64(l.Used), i.ID, i.Source)
	}
	for _, n := range l.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}

var ctx = context.Background()

// TestResidual is the promise: on data at rest no more than 3 % of used memory is
// not explained if all elements are sized, and 5 % if a few are.
func TestResidual(t *testing.T) {
	for _, k := range redistest.Kinds {
		t.Run(k.Name, func(t *testing.T) {
			c := client(t, redistest.Start(t))
			redistest.Fill(t, c, k.N, k.Make)
			if k.Name == "streams" {
				return // what they are counted for too much is in nobody's answer but XINFO's; see package analysis
			}
			within(t, c, 0, 3)
			within(t, c, -1, 5)
		})
	}
}

func within(t *testing.T, c *redis.Client, samples int, percent float64) *report.Ledger {
	t.Helper()
	before := take(t, c)
	m := measure(t, c, samples)
	l := Explain(before, m, take(t, c))
	balance(t, l)
	t.Logf("SAMPLES %d: residual %.2f %% of %d", samples, share(l), l.Used)
	if math.Abs(share(l)) > percent {
		t.Errorf("SAMPLES %d: %.2f %% is not explained\n%s", samples, share(l), text(l))
	}
	return l
}
