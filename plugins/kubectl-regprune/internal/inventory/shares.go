package inventory

import (
	"context"
	"iter"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
)

// maxShare is how many answers are handed over at once: one by one, that costs as much
// as reading them, and connections stand idle meanwhile.
const maxShare = 16

// inShares calls ask for every item, parallel at once, and yields the index of each with
// its answer, several in a row. When ctx ends, what was not asked is not yielded.
func inShares[T, R any](ctx context.Context, items []T, parallel int, ask func(context.Context, T) R) iter.Seq2[int, R] {
	size := min(max(len(items)/(4*parallel), 1), maxShare)
	starts := make([]int, 0, len(items)/size+1)
	for i := 0; i < len(items); i += size {
		starts = append(starts, i)
	}
	share := func(ctx context.Context, from int) []R {
		answers := make([]R, 0, size)
		for _, item := range items[from:min(from+size, len(items))] {
			if ctx.Err() != nil {
				break
			}
			answers = append(answers, ask(ctx, item))
		}
		return answers
	}
	return func(yield func(int, R) bool) {
		for i, answers := range fanout.Run(ctx, starts, fanout.Limits[int]{Total: parallel}, share) {
			for n, answer := range answers {
				if !yield(starts[i]+n, answer) {
					return
				}
			}
		}
	}
}
