package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// Errors about who can push when.
var (
	// ErrWritable: the registry takes pushes although it was told not to.
	ErrWritable = errors.New("the registry takes pushes although it was told not to")
	// ErrReadOnly: it takes none although it was told to.
	ErrReadOnly = errors.New("the registry takes no pushes although it was told to")
	// ErrStorageChanged: the restarted registry has other files.
	ErrStorageChanged = errors.New("the registry has other files since it was restarted")
	// ErrTakenOver: the lock is somebody else's, or gone.
	ErrTakenOver = errors.New("somebody else has ended this run")
)

// quiesce makes the registry read only in the same request that locks it, and proves
// that it is.
func (r *run) quiesce(ctx context.Context, s *Snapshot) error {
	if err := r.provable(ctx); err != nil {
		return err
	}
	r.say(Quiescing, "making the registry read only")
	r.state.Since, r.state.Step, r.state.Repository = time.Now().UTC().Truncate(time.Second), Quiescing, r.Repository
	ops, err := s.close(&r.state)
	if err != nil {
		return err
	}
	if err := r.lock(ctx, s, ops); err != nil {
		return fmt.Errorf("making the registry read only: %w", err)
	}
	if r.pods, err = r.rollout(ctx); err != nil {
		return fmt.Errorf("waiting for a read-only registry: %w", err)
	}
	if err := r.closed(ctx); err != nil {
		return err
	}
	return r.enter(ctx, Checking)
}

// lock sends the request that locks, and waits for its answer even if ctx ends: one that
// is given up may still be granted, after putBack has looked. Without any answer the
// lock counts as taken, so that putBack changes the workload, and with that its version:
// then it can no longer be granted.
func (r *run) lock(ctx context.Context, s *Snapshot, ops []Operation) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	asked, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), r.Answer, fmt.Errorf("there was no answer within %s", r.Answer))
	defer cancel()
	err := r.Workload.Patch(asked, s, ops)
	r.took = err == nil || !declined(err)
	if err == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// declined reports whether the API server has said that nothing was changed, and will
// not be.
func declined(err error) bool {
	if errors.Is(err, ErrConflict) {
		return true
	}
	status, ok := errors.AsType[*apierrors.StatusError](err)
	return ok && status.Status().Code >= 400 && status.Status().Code < 500
}

func (r *run) rollout(ctx context.Context) ([]Pod, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.Rollout, fmt.Errorf("the pods were not ready within %s", r.Rollout))
	defer cancel()
	pods, err := r.Workload.Wait(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(pods) == 0:
		return nil, errors.New("looking for the registry's pods: there are none")
	}
	return pods, nil
}

// provable finds out whether proofs can be had at all, before anything is restarted for
// them: a login that may not push proves neither that nobody can push, nor that
// everybody can again. A registry that was closed before is not proven open afterwards.
func (r *run) provable(ctx context.Context) error {
	if r.state.Repository = r.Repository; r.Repository == "" {
		return errNoRepository
	}
	for _, pod := range r.pods {
		writable, err := r.writable(ctx, pod)
		switch {
		case writable:
		case err != nil:
			return fmt.Errorf("asking whether pod %q takes pushes: %w", pod.Name, err)
		case !r.Allow[AlreadyClosed] && !r.Allow[ProxyCache]:
			return fmt.Errorf("asking whether pod %q takes pushes: %w", pod.Name, errClosed)
		default:
			r.state.Closed = true
		}
	}
	return nil
}

var (
	errClosed       = errors.New("it takes none already")
	errNoRepository = errors.New("looking for a repository to try pushes with: there is none")
)

// closed proves that no pod takes a push. Nothing but a refused upload is a proof.
func (r *run) closed(ctx context.Context) error {
	for _, pod := range r.pods {
		writable, err := r.writable(ctx, pod)
		switch {
		case writable:
			return hint.With(fmt.Errorf("proving that pod %q is read only: %w", pod.Name, ErrWritable),
				"something may undo changes of the workload, or a variable overrides "+Variable)
		case err != nil:
			return fmt.Errorf("proving that pod %q is read only: %w", pod.Name, err)
		}
	}
	return nil
}

func (r *run) writable(ctx context.Context, pod Pod) (bool, error) {
	door, done, err := r.Access.Door(ctx, pod)
	if err != nil {
		return false, err
	}
	defer done()
	return door.Writable(ctx, r.state.Repository)
}

// same proves that the restarted server has the files and settings of the old one: a
// volume that was left behind on another node would look like an empty registry.
func (r *run) same(ctx context.Context) error {
	old, oldConfig := r.before, r.config
	if err := r.read(ctx); err != nil {
		return err
	}
	r.report.FreeBytes[0] = r.before.Free
	if r.config.Root != oldConfig.Root || r.config.Path != oldConfig.Path || r.config.Binary != oldConfig.Binary {
		return fmt.Errorf("comparing the restarted registry: %w: it runs %q with %q", ErrStorageChanged, r.config.Binary, r.config.Path)
	}
	return contains(r.before, old)
}

func contains(now, old *disk.Listing) error {
	for _, repository := range old.Repositories {
		if repository.Manifests && now.Repository(repository.Name) == nil {
			return fmt.Errorf("comparing the restarted registry: %w: repository %q is missing", ErrStorageChanged, repository.Name)
		}
	}
	missing := 0
	for d := range old.Blobs {
		if _, ok := now.Blobs[d]; !ok {
			missing++
		}
	}
	if missing > 0 {
		return fmt.Errorf("comparing the restarted registry: %w: %d of %d blobs are missing", ErrStorageChanged, missing, len(old.Blobs))
	}
	return nil
}

// enter notes the step, and finds out whether the lock is still this run's.
func (r *run) enter(ctx context.Context, step Step) error {
	for {
		s, err := r.Workload.Get(ctx)
		if err != nil {
			return err
		}
		q, err := s.quiesce()
		if err != nil {
			return err
		}
		if q == nil || q.Run != r.state.Run || q.Step == Restoring {
			return fmt.Errorf("going on with %q: %w", step, ErrTakenOver)
		}
		r.state.Step = step
		ops, err := s.note(&r.state)
		if err != nil {
			return err
		}
		if err = r.Workload.Patch(ctx, s, ops); !errors.Is(err, ErrConflict) {
			return err
		}
	}
}
