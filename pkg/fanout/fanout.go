// Package fanout runs one function over many items, some at a time.
//
// Results come back as they land, each with the index of its item, so that a
// caller can show them live and still put them in order:
//
//	results := make([]Result, len(pods))
//	limits := fanout.Limits[Pod]{Total: 32, Caps: []fanout.Cap[Pod]{{Most: 4, Group: Pod.Node}}}
//	for i, r := range fanout.Run(ctx, pods, limits, do) {
//		results[i] = r
//	}
//
// It retries nothing, collects no errors and knows nothing about what the items
// are: an outcome worth keeping is part of the result type.
package fanout

import (
	"context"
	"iter"
)

// Limits bounds how many items are worked on at the same time. The zero value
// sets no bound.
type Limits[T any] struct {
	Total int      // at most this many at once; 0 or less means all
	Caps  []Cap[T] // all of them hold at once
}

// Cap bounds how many items of one group are worked on at the same time, for
// example of one node.
type Cap[T any] struct {
	Most  int            // at most this many of one group at once; 0 or less means no bound
	Group func(T) string // names the group of an item; "" is none, which has no bound
}

// Run calls do for each item, within limits, and yields the item's index and
// result as each call returns. Items start in order, except that one whose group
// is full lets later ones of other groups pass, until its turn in its group.
//
// When ctx ends no further item starts: what was never started is never yielded,
// and the caller finds it by its missing index. Calls that are under way get the
// same ctx and are waited for and yielded. Leaving the loop early ends their
// context and waits for them, too, so no goroutine outlives the loop.
//
// While the loop body runs nothing new starts and finished calls wait, which
// bounds the results in memory by Limits.Total; a body should be quick. A body
// that ends ctx is sure that nothing starts after that.
func Run[T, R any](ctx context.Context, items []T, limits Limits[T], do func(context.Context, T) R) iter.Seq2[int, R] {
	return func(yield func(int, R) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		q := newQueue(items, limits)
		landed := make(chan result[R])
		ended := ctx.Done()
		listening := true
		for {
			for ctx.Err() == nil {
				i, ok := q.next()
				if !ok {
					break
				}
				go func() { landed <- result[R]{i, do(ctx, items[i])} }()
			}
			if q.running == 0 {
				return
			}
			select {
			case r := <-landed:
				q.finish(r.index)
				if listening && !yield(r.index, r.value) {
					listening = false
					cancel()
				}
			case <-ended:
				ended = nil // seen; from here on only wait
			}
		}
	}
}

type result[R any] struct {
	index int
	value R
}
