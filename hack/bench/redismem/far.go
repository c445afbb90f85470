package main

import (
	"context"
	"fmt"
	"time"
)

// far measures over a link with a round trip of 20 ms more. Redis-cli waits for
// three of them every ten keys, so it gets few keys, which both then count; and ours
// counts all keys as well, where what it does once does not matter.
func far(ctx context.Context, o options, addr string, few, all answer) error {
	const trip = 20 * time.Millisecond
	p, err := startProxy(addr, trip/2)
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Printf("\n%v of round trip added\n\n| keys | command | seconds | keys/s | times faster | peak RSS |\n|---|---|---|---|---|---|\n", trip)
	if err := (link{name: fmt.Sprint(few.Keys), args: []string{"--addr", p.addr()}, addr: p.addr()}).measure(ctx, o, few); err != nil {
		return err
	}
	whole, err := startProxy(o.addr, trip/2)
	if err != nil {
		return err
	}
	defer whole.stop()
	r, err := redismem(ctx, o, []string{"--addr", whole.addr()}, all)
	if err != nil {
		return err
	}
	r.print(fmt.Sprint(all.Keys), "kubectl redismem", 0)
	return nil
}
