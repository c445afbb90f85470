package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
)

// patience is how long a collection may go on while nobody can tell whether the
// registry is still read only: an API server may restart.
const patience = 15 * time.Second

// watched runs f, and ends it as soon as anybody has opened the registry meanwhile:
// what puts workloads back as a repository has them does not ask. Then what was
// deleted so far stays deleted, and the error wraps ErrWritable or ErrTakenOver.
func (r *run) watched(ctx context.Context, f func(context.Context) error) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var opened error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if opened = r.watch(inner); opened != nil {
			cancel(opened)
		}
	}()
	err := f(inner)
	cancel(nil)
	<-ended
	switch {
	case opened == nil:
		return err
	case err == nil:
		return opened // it was through before it could be ended
	}
	// What ran may have got no further than to be told to end. What it says of that is
	// no news, and a collection that could not be ended now will be by putBack.
	r.endIn(ctx, r.pods) //nolint:errcheck // putBack tries it again, and tells
	return fmt.Errorf("the collection was ended: %w", opened)
}

// watch returns why the registry is no longer read only, or nil when ctx ends.
func (r *run) watch(ctx context.Context) error {
	known := time.Now()
	for pause.For(ctx, r.Watch) == nil {
		err := r.held(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			known = time.Now()
		case errors.Is(err, ErrWritable) || errors.Is(err, ErrTakenOver):
			return err
		case time.Since(known) > patience:
			return fmt.Errorf("for %s nobody could tell whether the registry is still read only: %w", patience, err)
		}
	}
	return nil
}

// held proves that the registry is read only, and that nothing is about to change
// that: a workload that is told otherwise opens it a moment later, in new pods.
func (r *run) held(ctx context.Context) error {
	s, err := r.Workload.Get(ctx)
	if err != nil {
		return err
	}
	q, err := s.quiesce()
	if err != nil || q == nil || q.Run != r.state.Run || q.Step == Restoring {
		err = fmt.Errorf("looking whether the registry is still read only: %w", ErrTakenOver)
	}
	if v := variable(&s.Template.Spec, r.state.Container); v == nil || v.Value != Value {
		opened := hint.With(fmt.Errorf("looking whether the registry is still read only: %w: its variable %s was taken back", ErrWritable, Variable),
			"something undoes changes of the workload: suspend it meanwhile")
		return both(opened, err)
	}
	if err != nil {
		return err
	}
	return r.closed(ctx)
}
