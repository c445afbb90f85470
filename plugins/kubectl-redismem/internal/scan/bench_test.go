//go:build unix

package scan

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// The two benchmarks do the same work over loopback; their difference is why
// this package speaks the protocol itself. The server takes most of the time, so
// look at cpu-ns/key, this process's own share.

const benchKeys = 200_000

func benchServer(b *testing.B) *redistest.Server {
	server := redistest.Start(b)
	fill(b, client(b, server), benchKeys)
	return server
}

func BenchmarkScan(b *testing.B) {
	server := benchServer(b)
	b.ReportAllocs()
	defer perKey(b, cpu())
	for b.Loop() {
		var sum int64
		res, err := Run(context.Background(), Config{Dial: dialTo(server), Sink: EverySize(func(_ []byte, size int64) { sum += size })})
		if err != nil || sum == 0 || res.Sized < benchKeys {
			b.Fatal(res, err)
		}
	}
}

func BenchmarkGoRedisPipeline(b *testing.B) {
	server := benchServer(b)
	c := client(b, server)
	b.ReportAllocs()
	defer perKey(b, cpu())
	for b.Loop() {
		if keys := goRedisScan(b, c); keys < benchKeys {
			b.Fatal(keys)
		}
	}
}

// goRedisScan is the same loop in go-redis's words: one pipeline carries the
// page's sizes and the next SCAN.
func goRedisScan(b *testing.B, c *redis.Client) (n int) {
	ctx := context.Background()
	var sum int64
	keys, cursor, err := c.Scan(ctx, 0, "", DefaultCount).Result()
	for err == nil {
		pipe := c.Pipeline()
		sizes := make([]*redis.IntCmd, len(keys))
		for i, k := range keys {
			sizes[i] = pipe.MemoryUsage(ctx, k)
		}
		var next *redis.ScanCmd
		if cursor != 0 {
			next = pipe.Scan(ctx, cursor, "", DefaultCount)
		}
		if _, err = pipe.Exec(ctx); err != nil {
			break
		}
		for _, s := range sizes {
			sum += s.Val()
			n++
		}
		if next == nil {
			return n
		}
		keys, cursor, err = next.Result()
	}
	b.Fatal(err)
	return 0
}

func perKey(b *testing.B, before time.Duration) {
	keys := float64(b.N) * benchKeys
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/keys, "ns/key")
	b.ReportMetric(float64((cpu()-before).Nanoseconds())/keys, "cpu-ns/key")
}

// cpu is the time that this process has spent on a CPU, in user mode and in the
// kernel.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
