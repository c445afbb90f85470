package main

import (
	"context"
	"fmt"
	"time"
)

// far measures over a link with a round trip of 20 ms more. Redis-cli waits for
// three of them every ten keys, so it gets few keys, and both the same ones.
func far(ctx context.Context, o options, addr string, truth answer) error {
	const trip = 20 * time.Millisecond
	p, err := startProxy(addr, trip/2)
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Printf("\n%d keys, %v of round trip added\n\n| link | command | seconds | keys/s | times faster | peak RSS |\n|---|---|---|---|---|---|\n", truth.Keys, trip)
	return link{name: "+20 ms", args: []string{"--addr", p.addr()}, addr: p.addr()}.measure(ctx, o, truth)
}
