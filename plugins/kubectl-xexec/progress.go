package main

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// progress counts what the reader of stdout takes.
type progress struct{ bytes atomic.Int64 }

func (p *progress) of(w io.Writer) io.Writer { return counting{w, p} }

type counting struct {
	io.Writer
	progress *progress
}

func (c counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.progress.bytes.Add(int64(n))
	return n, err
}

// stuck is how long a reader may take nothing, after an interrupt, before what is
// left for it is given up.
const stuck = time.Second

// lastWords returns the context in which output is completed. It outlives an
// interrupt for as long as somebody takes the data: what is known of a target must
// not be lost because Ctrl-C came before it was written. A person at a terminal, who
// wants it to stop, is not kept.
func (p *places) lastWords(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.o.io.OutIsTerminal() {
		return context.WithCancel(ctx)
	}
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		for before := int64(-1); last.Err() == nil && p.taken.bytes.Load() != before; {
			before = p.taken.bytes.Load()
			select {
			case <-time.After(stuck):
			case <-last.Done():
			}
		}
		cancel()
	})
	return last, func() { stop(); cancel() }
}
