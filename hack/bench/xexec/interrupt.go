package main

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// interrupt presses Ctrl-C while up to 64 of 200 commands run, and insists on a row
// for each pod, of which none can be ok and most cannot have started.
func interrupt(ctx context.Context, b *bench) error {
	const rounds, bar = 5, time.Second
	// Supervisors look for what is left among the processes of their container; those
	// of fake pods would all look through this machine's.
	j := job{pods: 200, parallel: 64, command: []string{"sleep", "20"}, output: []string{"-o", "jsonl", "--supervisor", "never"}}
	var slowest time.Duration
	var last map[string]int
	for range rounds {
		pressed := make(chan time.Time, 1)
		o, err := b.measured(ctx, func(pid int) {
			time.Sleep(2 * time.Second) // until many run
			pressed <- time.Now()
			_ = syscall.Kill(pid, syscall.SIGINT)
		}, b.plugin, b.args(j)...)
		if err != nil {
			return err
		}
		took := time.Since(<-pressed)
		if o.code != 130 {
			return fmt.Errorf("kubectl xexec ended with %d, not 130: %s", o.code, o.stderr)
		}
		if last, err = rows(o.stdout, j.pods); err != nil {
			return err
		}
		if last["ok"] > 0 || last["not-started"] < j.pods-j.parallel {
			return fmt.Errorf("after Ctrl-C there are %v", last)
		}
		slowest = max(slowest, took)
	}
	fmt.Printf("\nCtrl-C during the first of 200 commands: all is said after %d ms at most, in %d rounds (bar: 1 s, %s); outcomes %v\n",
		slowest.Milliseconds(), rounds, verdict(slowest <= bar), last)
	return nil
}
