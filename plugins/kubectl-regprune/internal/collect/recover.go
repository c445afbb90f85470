package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
)

// Recovery says what to put back. Workload and Access are required.
type Recovery struct {
	Workload Workload
	Access   Access
	Run      string // only this run; "" for whichever it is
	// Force goes on although a collection may still run that cannot be reached to be
	// ended. Then somebody may push while it deletes, and lose what was pushed.
	Force bool
	// Unnoted removes the variable also if no run has noted that it set it; without it,
	// that is an ErrUnnoted.
	Unnoted  bool
	Rollout  time.Duration // limit for the restart, 5 min by default
	Progress func(Event)   // may be nil
}

// Recover puts a registry back as it was before a run that did not get to it, whatever
// step that run was at: it ends a collection that still runs, restores the variable,
// waits for the pods, proves that they take pushes, and unlocks the workload. What it
// undid is returned, nil if there was nothing to undo. It can be killed, and called
// again, at any time.
func Recover(ctx context.Context, o Recovery) (*Quiesce, error) {
	r := newRun(Options{Workload: o.Workload, Access: o.Access, Rollout: o.Rollout, Progress: o.Progress})
	q, err := r.recover(ctx, o)
	if err != nil {
		return q, fmt.Errorf("putting the registry back: %w", err)
	}
	return q, nil
}

// putBack undoes this run, for which it has a time of its own.
func (r *run) putBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), r.Restore, fmt.Errorf("it took longer than %s", r.Restore))
	defer cancel()
	err := errors.New("it was not tried")
	for range 3 {
		if _, err = r.recover(ctx, Recovery{Run: r.report.Run}); err == nil {
			return nil
		}
		if pause.For(ctx, r.Again) != nil {
			break
		}
	}
	text := "wait, and undo it"
	if r.Options.Recover != "" {
		text += ": " + r.Options.Recover
	}
	return hint.With(fmt.Errorf("putting the registry back, which may be read only now: %w", err), text)
}

func (r *run) recover(ctx context.Context, o Recovery) (*Quiesce, error) {
	q, err := r.reopen(ctx, o)
	if q == nil || err != nil {
		return q, err
	}
	if r.pods, err = r.rollout(ctx); err != nil {
		return q, err
	}
	if err := r.opened(ctx); err != nil {
		return q, err
	}
	return q, r.unlock(ctx)
}

// reopen ends what still collects, and puts the variable back. Whoever has changed the
// workload in between may be the run itself, which has begun to collect: then it starts
// from the top.
func (r *run) reopen(ctx context.Context, o Recovery) (*Quiesce, error) {
	for run := o.Run; ; {
		s, q, err := r.locked(ctx, run)
		if err == nil && q == nil {
			q, err = r.unlocked(s, o)
		}
		if q == nil || err != nil {
			return nil, err
		}
		r.state, run = *q, q.Run
		if q.Step != Restoring {
			if err := r.endCollections(ctx); err != nil && !o.Force {
				return q, err
			}
		}
		r.say(Restoring, "putting the registry back")
		back := *q
		back.Step = Restoring
		ops, err := s.open(&back)
		if err != nil {
			return q, err
		}
		if err = r.Workload.Patch(ctx, s, ops); !errors.Is(err, ErrConflict) {
			return q, err
		}
	}
}

// locked reads the workload and whose lock it has; nil if it has none of run.
func (r *run) locked(ctx context.Context, run string) (*Snapshot, *Quiesce, error) {
	s, err := r.Workload.Get(ctx)
	if err != nil {
		return nil, nil, err
	}
	q, err := s.quiesce()
	if err != nil || q == nil || run != "" && q.Run != run {
		return s, nil, err
	}
	s.Container = q.Container
	return s, q, nil
}

func (r *run) unlock(ctx context.Context) error {
	for {
		s, q, err := r.locked(ctx, r.state.Run)
		if q == nil || err != nil {
			return err
		}
		ops, err := s.note(nil)
		if err != nil {
			return err
		}
		if err = r.Workload.Patch(ctx, s, ops); !errors.Is(err, ErrConflict) {
			return err
		}
	}
}

// endScript ends every garbage-collect of the container, and says whether one is left.
const endScript = `
running() {
  for dir in /proc/[0-9]*; do
    case "$(tr '\000' ' ' <"$dir/cmdline" 2>/dev/null)" in
    *sh\ -c*) ;;
    *\ garbage-collect\ *) echo "${dir#/proc/}" ;;
    esac
  done
}
for signal in TERM KILL KILL; do
  pids=$(running)
  [ -n "$pids" ] || exit 0
  kill -s "$signal" $pids 2>/dev/null
  for wait in 1 2 3; do
    [ -z "$(running)" ] && exit 0
    sleep 1
  done
done
exit 9
`

// endCollections ends what a killed run left behind: the new pods can be there while
// the old ones, with a collection in them, have not ended. Pods that cannot be reached
// at all, as none runs, have nothing to end.
func (r *run) endCollections(ctx context.Context) error {
	if r.state.Step == Quiescing || r.state.Step == Checking {
		return nil // none was begun but dry runs, which delete nothing
	}
	err := errNoPods
	if len(r.pods) > 0 {
		err = r.endIn(ctx, r.pods)
	}
	if err == nil {
		return nil
	}
	// Those pods may be gone, and with them what ran there.
	pods, waitErr := r.rollout(ctx)
	if waitErr == nil {
		err = r.endIn(ctx, pods)
	} else if errors.Is(err, errNoPods) {
		err = waitErr
	}
	if err != nil {
		err = hint.With(fmt.Errorf("looking for a collection that still runs: %w", err), "see what the registry's pods do; --force goes on all the same")
	}
	return err
}

var errNoPods = errors.New("there are no pods")

func (r *run) endIn(ctx context.Context, pods []Pod) error {
	for _, pod := range pods {
		if err := r.endCollection(ctx, pod); err != nil {
			return fmt.Errorf("ending what still collects in pod %q: %w", pod.Name, err)
		}
	}
	return nil
}

func (r *run) endCollection(ctx context.Context, pod Pod) (err error) {
	for range 3 {
		if err = r.Access.Runner(pod).Run(ctx, []string{"sh", "-c", endScript}, nil, io.Discard); err == nil {
			return nil
		}
		if pause.For(ctx, time.Second) != nil {
			return err
		}
	}
	return err
}
