package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// run is what the repositories of one run share.
type run struct {
	client  Client
	backup  *backup.Backup
	journal *backup.Journal
	opts    Options
	tagsOwn bool
	repos   []*repository
	pace    *pacer
	reads   chan struct{} // one for each question under way
	stop    func(error)

	mu          sync.Mutex // guards the outcomes of items, too
	done, total int
	earlier     map[*Item]bool // done by an earlier run; does not change
	failures    int            // in a row

	useMu   sync.Mutex
	use     plan.References
	useSeen int       // counts the answers
	useAt   time.Time // of the last one
}

// landing is how it went with an item, before it is noted.
type landing struct {
	item    *Item
	outcome Outcome
	reason  Reason
	now     string
	err     error
}

func skip(i *Item, why Reason) landing { return landing{item: i, outcome: Skipped, reason: why} }

// tooMany failures in a row are no bad luck of single items.
const tooMany = 10

// conclude makes a landing of what a deletion said, and stops the run where going on
// makes no sense.
func (r *run) conclude(ctx context.Context, i *Item, err error) landing {
	switch {
	case err == nil:
		r.fortune(nil)
		return landing{item: i, outcome: Deleted}
	case errors.Is(err, registry.ErrNotFound):
		r.fortune(nil)
		return landing{item: i, outcome: Gone}
	}
	return r.trouble(ctx, i, err)
}

// trouble makes a landing of any other error.
func (r *run) trouble(ctx context.Context, i *Item, err error) landing {
	switch {
	case ctx.Err() != nil:
		return landing{item: i}
	case lasting(err):
		r.stop(refusal(err))
		return landing{item: i}
	}
	r.fortune(err)
	return landing{item: i, outcome: Failed, err: err}
}

// fortune counts failures in a row.
func (r *run) fortune(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.failures = 0
		return
	}
	if r.failures++; r.failures == tooMany {
		r.stop(hint.With(fmt.Errorf("%d failures in a row, the last one: %w", tooMany, err),
			"see to the registry, then resume this run"))
	}
}

// lasting reports whether the next request will be refused as this one was.
func lasting(err error) bool {
	return errors.Is(err, registry.ErrUnsupported) || errors.Is(err, registry.ErrDenied) || errors.Is(err, registry.ErrUnauthorized)
}

// refusal adds the remedy.
func refusal(err error) error {
	switch {
	case errors.Is(err, registry.ErrUnsupported):
		return hint.With(fmt.Errorf("%w: %w", ErrDeletionDisabled, err),
			"set REGISTRY_STORAGE_DELETE_ENABLED=true in the registry's environment, and see that it is neither read-only nor a cache")
	case errors.Is(err, registry.ErrDenied):
		return hint.With(err, "use credentials that may delete")
	case errors.Is(err, registry.ErrUnauthorized):
		return hint.With(err, "log in to the registry again, then resume this run")
	}
	return err
}

// each calls do for items of one repository, at most most at once and as many as the
// pace allows, and notes how it went.
func (r *run) each(ctx context.Context, items []*Item, most int, do func(context.Context, *Item) landing) {
	var open []*Item
	for _, i := range items {
		if r.outcome(i) == Remaining {
			open = append(open, i)
		}
	}
	results := fanout.Run(ctx, open, fanout.Limits[*Item]{Total: most}, func(ctx context.Context, i *Item) landing {
		if !r.pace.enter(ctx) {
			return landing{item: i}
		}
		l := do(ctx, i)
		r.pace.leave(l.err)
		return l
	})
	for _, l := range results {
		r.land(l)
	}
}

// recheck asks what clusters use, if the last answer is too old.
func (r *run) recheck(ctx context.Context) error {
	if r.opts.Recheck == nil {
		return nil
	}
	r.useMu.Lock()
	defer r.useMu.Unlock()
	if r.useSeen > 0 && time.Since(r.useAt) < r.opts.RecheckEvery {
		return nil
	}
	use, err := r.opts.Recheck(ctx)
	if err != nil {
		err = hint.With(fmt.Errorf("asking again which images are in use: %w", err), "resume this run when that can be told")
		r.stop(err)
		return err
	}
	r.use, r.useAt = use, time.Now()
	r.useSeen++
	return nil
}

// usage is the last answer of recheck, and its number.
func (r *run) usage() (plan.References, int) {
	r.useMu.Lock()
	defer r.useMu.Unlock()
	return r.use, r.useSeen
}

// failRest gives up on a repository.
func (p *repository) failRest(err error) {
	if lasting(err) {
		p.stop(refusal(err))
		return
	}
	err = fmt.Errorf("repository %q: %w", p.name, err)
	p.fortune(err)
	var rest []landing
	for _, list := range [][]*Item{p.tagList, p.manifestList} {
		for _, i := range list {
			rest = append(rest, landing{item: i, outcome: Failed, err: err})
		}
	}
	p.land(rest...)
}
