// Package pause waits in ways that a context ends.
package pause

import (
	"context"
	"time"
)

// For waits for d. It returns early, with the context's cause, if ctx ends; a
// context that has ended already is no wait at all, whatever d is.
func For(ctx context.Context, d time.Duration) error {
	if d <= 0 || ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Every calls f each time d has passed, until ctx ends. A call that takes longer
// than d makes the next ones fewer, not more at once.
func Every(ctx context.Context, d time.Duration, f func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			f()
		}
	}
}
