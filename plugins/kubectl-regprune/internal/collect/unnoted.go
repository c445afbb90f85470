package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// ErrUnnoted says that the registry is read only by the very variable that a run sets, and
// that no run has noted it. Revisions have it from runs that are long over, and "kubectl
// rollout undo" goes back to them: of a Deployment with the run's note, of others without.
// Somebody may also have meant it.
var ErrUnnoted = errors.New("it makes the registry read only as a garbage collection does, and none has noted it")

// unlocked is what there is to undo of a workload without a lock, nil if nothing. If
// somebody has taken this run's lock away, what else was changed back with it is to be
// seen.
func (r *run) unlocked(s *Snapshot, o Recovery) (*Quiesce, error) {
	if _, locked := s.Annotations[Annotation]; locked {
		return nil, nil
	}
	v := variable(&s.Template.Spec, s.Container)
	switch {
	case r.took:
		q := r.state
		return &q, nil
	case o.Run != "" || v == nil || v.Value != Value:
		return nil, nil
	case !o.Unnoted:
		return nil, hint.With(fmt.Errorf("looking at the variable %s of %s: %w", Variable, s, ErrUnnoted), "remove that variable if nobody has meant it")
	}
	// Who has removed the note may have removed it from a run that was collecting.
	return &Quiesce{Run: r.report.Run, Who: "recover", Since: time.Now().UTC().Truncate(time.Second), Step: Collecting, Container: s.Container}, nil
}

// opened proves that every pod takes pushes again, if it did before.
func (r *run) opened(ctx context.Context) error {
	if r.state.Closed {
		return nil
	}
	if err := r.known(ctx); err != nil {
		r.say(Restoring, fmt.Sprintf("whether it takes pushes could not be tried: %v", err))
		return nil
	}
	for _, pod := range r.pods {
		writable, err := r.writable(ctx, pod)
		if !writable && err == nil {
			err = hint.With(ErrReadOnly, "look at the variables "+Variable+"… of the container, and at its configuration")
		}
		// An upload that could not be cancelled is one, all the same.
		if !writable {
			return fmt.Errorf("proving that pod %q takes pushes: %w", pod.Name, err)
		}
	}
	return nil
}

// known finds a repository to try pushes with, if no run has noted one.
func (r *run) known(ctx context.Context) error {
	if r.state.Repository != "" {
		return nil
	}
	if err := r.read(ctx); err != nil {
		return err
	}
	if r.state.Repository = anyRepository(r.before); r.state.Repository == "" {
		return errNoRepository
	}
	return nil
}
