// Package fanout runs one function over many items, some at a time.
//
// Results come back as they land, each with the index of its item, so that a
// caller can show them live and still put them in order:
//
//	results := make([]Result, len(pods))
//	for i, r := range fanout.Run(ctx, pods, fanout.Limits[Pod]{Total: 32}, do) {
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
	Total    int            // at most this many at once; 0 or less means all
	PerGroup int            // at most this many of one group at once; 0 or less means no such bound
	Group    func(T) string // names the group of an item, for example its node; nil puts all into one
}

// Run calls do for each item, within limits, and yields the item's index and
// result as each call returns. Items start in order, except that one whose group
// is full lets later ones of other groups pass.
//
// When ctx ends no further item starts: what was never started is never yielded,
// and the caller finds it by its missing index. Calls that are under way get the
// same ctx and are waited for and yielded. Leaving the loop early ends their
// context and waits for them, too, so no goroutine outlives the loop.
//
// While the loop body runs nothing new starts and finished calls wait, which
// bounds the results in memory by Limits.Total; a body should be quick.
func Run[T, R any](ctx context.Context, items []T, limits Limits[T], do func(context.Context, T) R) iter.Seq2[int, R] {
	return func(yield func(int, R) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		q := newQueue(items, limits)
		landed := make(chan result[R])
		ended := ctx.Done()
		listening := true
		for {
			for i, ok := q.next(); ok && ctx.Err() == nil; i, ok = q.next() {
				q.start(i)
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

// queue decides which item starts next. It is used by one goroutine only.
type queue[T any] struct {
	items   []T
	limits  Limits[T]
	waiting []int // indexes not started yet, in order
	running int
	inGroup map[string]int
}

func newQueue[T any](items []T, limits Limits[T]) *queue[T] {
	q := &queue[T]{items: items, limits: limits, waiting: make([]int, len(items)), inGroup: map[string]int{}}
	for i := range items {
		q.waiting[i] = i
	}
	return q
}

// next names the first waiting item that may start now.
func (q *queue[T]) next() (index int, ok bool) {
	if q.limits.Total > 0 && q.running >= q.limits.Total {
		return 0, false
	}
	for _, i := range q.waiting {
		if q.limits.PerGroup <= 0 || q.inGroup[q.group(i)] < q.limits.PerGroup {
			return i, true
		}
	}
	return 0, false
}

func (q *queue[T]) start(index int) {
	for at, i := range q.waiting {
		if i == index {
			// Passing over the head is the common case and must not copy the tail.
			if at == 0 {
				q.waiting = q.waiting[1:]
			} else {
				q.waiting = append(q.waiting[:at:at], q.waiting[at+1:]...)
			}
			break
		}
	}
	q.running++
	q.inGroup[q.group(index)]++
}

func (q *queue[T]) finish(index int) {
	q.running--
	q.inGroup[q.group(index)]--
}

func (q *queue[T]) group(index int) string {
	if q.limits.Group == nil {
		return ""
	}
	return q.limits.Group(q.items[index])
}
