package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// Run collects a registry's garbage. Whatever its error, the registry takes pushes
// again when it returns, or else the error says that it does not, and how to get there.
func Run(ctx context.Context, o Options) (*Report, error) {
	r := newRun(o)
	s, _, err := r.look(ctx)
	if err != nil || r.report.Nothing {
		return r.report, err
	}
	began := time.Now()
	pairs, err := r.whileQuiet(ctx, s)
	// The answer to the request that locks may have been lost: look in any case.
	back := r.putBack(ctx)
	r.report.Quiesced = time.Since(began)
	if r.unseen != nil && back == nil && ctx.Err() == nil {
		err = both(err, r.unseen(ctx))
	}
	if err = both(back, err); err != nil {
		return r.report, err
	}
	return r.report, r.probe(ctx, pairs)
}

// Rehearse does what a run does before it changes anything, and fails as that would:
// for whoever has something else to do first that makes no sense without the run. The
// report says what is garbage now.
func Rehearse(ctx context.Context, o Options) (*Report, error) {
	r := newRun(o)
	_, _, err := r.look(ctx)
	return r.report, err
}

// Preview is a rehearsal that also compares what would be deleted with what is needed.
// Its answer is no more than likely: the registry takes pushes meanwhile. With an error
// there is no report.
func Preview(ctx context.Context, o Options) (*Report, error) {
	r := newRun(o)
	r.report.Preview = true
	_, out, err := r.look(ctx)
	switch {
	case err != nil:
		return nil, err
	case r.report.Nothing:
		return r.report, nil
	}
	r.expect(out)
	r.report.Garbage, r.report.Links = out.Blobs, len(out.Links)
	r.say(Checking, "reading the registry")
	reachable, err := r.Reachable(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what the registry needs: %w", err)
	}
	if err := firewall(out, reachable); err != nil {
		return nil, hint.With(err, "a push at the same moment can look like this: try again; if it stays: "+hint.Of(err))
	}
	return r.report, nil
}

// look is everything that needs no change: the lock, the configuration, the findings,
// and a dry run, which tells of damaged files before anything is restarted for them.
func (r *run) look(ctx context.Context) (*Snapshot, *Output, error) {
	r.say(Looking, "looking at the workload")
	s, err := r.Workload.Get(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := s.locked(r.Options.Recover); err != nil {
		return nil, nil, err
	}
	if r.pods, err = r.rollout(ctx); err != nil {
		return nil, nil, err
	}
	if err := r.read(ctx); err != nil {
		return nil, nil, err
	}
	near, err := r.Workload.Surroundings(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	r.report.Findings = Examine(s, near, r.config)
	if err := refuse(r.report.Findings, r.Allow); err != nil {
		return nil, nil, err
	}
	if r.Repository == "" {
		r.Repository = anyRepository(r.before)
	}
	r.say(Looking, "asking the registry what it would delete")
	out, err := r.garbage(ctx, true)
	if err != nil {
		return nil, nil, err
	}
	r.report.Nothing = len(out.Blobs)+len(out.Links) == 0
	return s, out, nil
}

// read gets the configuration and the files from the first pod: all of them share one
// storage.
func (r *run) read(ctx context.Context) (err error) {
	runner := r.Access.Runner(r.pods[0])
	if r.config, err = disk.ReadConfig(ctx, runner, r.Config); err != nil {
		return err
	}
	if r.config.Driver != "filesystem" {
		return hint.With(fmt.Errorf("looking at the registry's storage: the driver %q keeps it elsewhere, where this program cannot check what a collection does", r.config.Driver),
			"make the registry read only, and run its garbage-collect by hand")
	}
	r.before, err = disk.List(ctx, runner, r.config.Root)
	return err
}

func anyRepository(l *disk.Listing) string {
	for _, repository := range l.Repositories {
		if repository.Manifests {
			return repository.Name
		}
	}
	return ""
}

// whileQuiet is everything that needs a registry that nobody can push to. It returns
// blobs to ask for when it is open again.
func (r *run) whileQuiet(ctx context.Context, s *Snapshot) ([]pair, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.Collect, fmt.Errorf("collecting garbage took longer than %s", r.Collect))
	defer cancel()
	if err := r.quiesce(ctx, s); err != nil {
		return nil, err
	}
	if err := r.same(ctx); err != nil {
		return nil, err
	}
	r.say(Checking, "reading the registry again")
	reachable, err := r.Reachable(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading what the registry needs: %w", err)
	}
	r.say(Checking, "asking the registry what it is going to delete")
	plan, err := r.garbage(ctx, true)
	if err != nil {
		return nil, err
	}
	if err := firewall(plan, reachable); err != nil {
		return nil, err
	}
	r.expect(plan)
	if len(plan.Blobs)+len(plan.Links) == 0 {
		return nil, nil
	}
	pairs, err := r.sample(ctx, plan)
	if err != nil {
		return nil, err
	}
	return pairs, r.sweep(ctx, plan, reachable)
}

// expect notes what the dry run promises.
func (r *run) expect(plan *Output) {
	for _, d := range plan.Blobs {
		size, listed := r.before.Blobs[d]
		if !listed {
			r.report.Unknown = append(r.report.Unknown, d)
		}
		r.report.Expected += size
	}
}

// sweep is the real thing, and its audit.
func (r *run) sweep(ctx context.Context, plan *Output, reachable Reachable) error {
	if err := r.enter(ctx, Collecting); err != nil {
		return err
	}
	if err := r.held(ctx); err != nil {
		return err
	}
	r.say(Collecting, fmt.Sprintf("deleting %d blobs", len(plan.Blobs)))
	var done *Output
	failed := r.watched(ctx, func(ctx context.Context) (err error) {
		done, err = r.garbage(ctx, false)
		return err
	})
	// Also a collection that failed has deleted something: see what.
	inspect := func(ctx context.Context) error {
		after, err := disk.List(ctx, r.Access.Runner(r.pods[0]), r.config.Root)
		if err != nil {
			return fmt.Errorf("looking at the registry's files after the collection: %w", err)
		}
		r.unseen = nil
		return r.audit(plan, done, reachable, after)
	}
	r.unseen = inspect
	failed = both(failed, inspect(ctx))
	if errors.Is(failed, ErrWritable) || errors.Is(failed, ErrTakenOver) {
		return failed
	}
	// Somebody may have opened the registry since the last look.
	return both(failed, r.held(ctx))
}

// both is one line; the hint is that of the first error that has one.
func both(first, second error) error {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return fmt.Errorf("%w; besides, %w", first, second)
}
