package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
)

const (
	loadRate  = 10_000 // GETs a second, for the server's other users
	loadConns = 20
	loadFor   = 5 * time.Second // at least
)

// impact measures how late the server answers its other users meanwhile. Each GET
// has a time at which it is due, and its latency counts from then.
func impact(ctx context.Context, o options, addr string, truth answer) error {
	fmt.Printf("\nlatency of %d GETs a second beside it\n\n| beside | p50 | p99 | p99.9 | seconds |\n|---|---|---|---|---|\n", loadRate)
	for _, tool := range []struct {
		name string
		run  func() (result, error)
	}{
		{"nothing", func() (result, error) { return result{}, nil }},
		{"kubectl redismem", func() (result, error) { return redismem(ctx, o, []string{"--addr", addr}, truth) }},
		{"kubectl redismem --max-cpu none", func() (result, error) { return redismem(ctx, o, []string{"--addr", addr, "--max-cpu", "none"}, truth) }},
		{"redis-cli --memkeys", func() (result, error) { return memkeys(ctx, o, addr, 0, truth) }},
	} {
		ended := make(chan struct{})
		var r result
		var err error
		go func() {
			defer close(ended)
			if err = noticed(ctx, addr); err == nil {
				r, err = tool.run()
			}
		}()
		late := load(ctx, addr, ended)
		if err != nil {
			return err
		}
		at := func(q float64) time.Duration { return late[min(len(late)-1, int(q*float64(len(late))))] }
		fmt.Printf("| %s | %v | %v | %v | %.1f |\n", tool.name, at(0.5).Round(time.Microsecond), at(0.99).Round(time.Microsecond), at(0.999).Round(time.Microsecond), r.seconds)
	}
	return nil
}

// noticed returns when the server knows of the load: what a tool does from then on,
// it does beside others.
func noticed(ctx context.Context, addr string) error {
	c := redis.NewClient(&redis.Options{Addr: addr})
	defer c.Close()
	for {
		stats, err := c.InfoMap(ctx, "stats").Result()
		if err != nil {
			return err
		}
		if rate, _ := strconv.Atoi(stats["Stats"]["instantaneous_ops_per_sec"]); rate > loadRate/2 {
			return nil
		}
		if err := pause.For(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// load returns the latencies, sorted, once it has lasted and ended is closed.
func load(ctx context.Context, addr string, ended <-chan struct{}) []time.Duration {
	c := redis.NewClient(&redis.Options{Addr: addr, PoolSize: loadConns})
	defer c.Close()
	start := time.Now()
	each := make([][]time.Duration, loadConns)
	var wait sync.WaitGroup
	for i := range loadConns {
		wait.Go(func() {
			const gap = time.Second * loadConns / loadRate
			due := start.Add(time.Duration(i) * time.Second / loadRate)
			for {
				if time.Since(start) > loadFor {
					select {
					case <-ended:
						return
					default:
					}
				}
				if pause.For(ctx, time.Until(due)) != nil {
					return
				}
				_ = c.Get(ctx, "user:1").Err() // there or not, it is an answer
				each[i] = append(each[i], time.Since(due))
				due = due.Add(gap)
			}
		})
	}
	wait.Wait()
	all := slices.Concat(each...)
	slices.Sort(all)
	return all
}
