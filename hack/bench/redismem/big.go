package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// big measures a server with very many keys: a whole scan, sampled sizes, and
// random keys. It needs about 100 bytes of memory for each.
func big(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "bench-redismem-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := redistest.Run(dir, "--enable-debug-command", "yes")
	if err != nil {
		return err
	}
	defer server.Stop()
	c := redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: -1})
	defer c.Close()
	if err := c.Do(ctx, "DEBUG", "POPULATE", o.big, "user", 30).Err(); err != nil {
		return err
	}
	fmt.Printf("\n%d keys, direct\n\n| --sample | seconds | keys/s | bytes found | ± | not explained | peak RSS |\n|---|---|---|---|---|---|---|\n", o.big)
	for _, mode := range []string{"off", "sizes", "keys"} {
		r, out, err := timed(ctx, o.plugin, "--addr", server.Addr, "--sample", mode, "-o", "json")
		if err != nil {
			return err
		}
		var report struct {
			Totals     struct{ Keys, Bytes, BytesError int64 }
			Accounting struct{ UsedMemoryBytes, ResidualBytes int64 }
		}
		if err := json.Unmarshal(out, &report); err != nil {
			return err
		}
		if n := c.DBSize(ctx).Val(); report.Totals.Keys != n {
			return fmt.Errorf("--sample %s: %d keys, DBSIZE is %d", mode, report.Totals.Keys, n)
		}
		a := report.Accounting
		fmt.Printf("| %s | %.2f | %.0f | %d | %d | %.2f%% | %.1f MiB |\n", mode, r.seconds, float64(report.Totals.Keys)/r.seconds, report.Totals.Bytes, report.Totals.BytesError,
			float64(a.ResidualBytes)/float64(max(1, a.UsedMemoryBytes))*100, float64(r.rss)/(1<<20))
	}
	return nil
}
