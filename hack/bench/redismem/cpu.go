package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// serverCPU is what the server has spent so far.
type serverCPU struct {
	commands float64 // seconds in SCAN, MEMORY USAGE and TYPE, by its commandstats
	process  float64 // seconds of the whole process, with reading and writing
}

func cpuOf(ctx context.Context, c *redis.Client) (s serverCPU, err error) {
	stats, err := c.Info(ctx, "commandstats").Result()
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(stats) {
		name, fields, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "cmdstat_scan", "cmdstat_memory|usage", "cmdstat_memory", "cmdstat_type":
			var calls, usec float64
			if _, err := fmt.Sscanf(fields, "calls=%f,usec=%f,", &calls, &usec); err != nil {
				return s, fmt.Errorf("reading %q: %w", line, err)
			}
			s.commands += usec / 1e6
		}
	}
	cpu, err := c.Info(ctx, "cpu").Result()
	for line := range strings.Lines(cpu) {
		var seconds float64
		for _, name := range []string{"used_cpu_sys:", "used_cpu_user:"} {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), name); ok {
				if _, err := fmt.Sscan(value, &seconds); err != nil {
					return s, err
				}
				s.process += seconds
			}
		}
	}
	return s, err
}

// burden compares what each tool costs the server for a key.
func burden(ctx context.Context, o options, addr string, truth answer) error {
	c := redis.NewClient(&redis.Options{Addr: addr})
	defer c.Close()
	fmt.Print("\n| command | server µs per key in commands | server µs per key in all |\n|---|---|---|\n")
	var first serverCPU
	for i, tool := range []struct {
		name string
		run  func() (result, error)
	}{
		{"kubectl redismem", func() (result, error) { return redismem(ctx, o, []string{"--addr", addr}, truth) }},
		{"redis-cli --memkeys", func() (result, error) { return memkeys(ctx, o, addr, 0, truth) }},
	} {
		before, err := cpuOf(ctx, c)
		if err != nil {
			return err
		}
		if _, err := tool.run(); err != nil {
			return err
		}
		after, err := cpuOf(ctx, c)
		if err != nil {
			return err
		}
		spent := serverCPU{after.commands - before.commands, after.process - before.process}
		keys := float64(truth.Keys)
		fmt.Printf("| %s | %.2f | %.2f |\n", tool.name, spent.commands/keys*1e6, spent.process/keys*1e6)
		if i == 0 {
			first = spent
		} else {
			fmt.Printf("| ratio | %.2f | %.2f |\n", spent.commands/first.commands, spent.process/first.process)
		}
	}
	return nil
}
