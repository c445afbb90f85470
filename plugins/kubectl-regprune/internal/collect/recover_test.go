package collect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

func (f *fleet) recovery() collect.Recovery {
	return collect.Recovery{Workload: f, Access: f, Rollout: 10 * time.Second}
}

// A run that is killed at any of its calls to the cluster is undone by Recover, which
// can be killed itself, and then called again.
func TestKilledAnywhere(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		f := startFleet(t, v, registrytest.Options{}, corev1.EnvVar{Name: "A", Value: "a"}, corev1.EnvVar{Name: collect.Variable, Value: "{uploadpurging: {enabled: false}}"})
		f.fill()
		needed, err := f.reachable(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before := f.object
		steps := map[collect.Step]int{}
		every := 1
		if v == registrytest.V3 {
			every = 3 // what differs between the versions is not here
		}
		for cut := 0; ; cut += every {
			if cut > 100 {
				t.Fatal("the run does not end")
			}
			// Garbage for every run, so that it gets to the end.
			f.server().Delete("team/app", f.server().Push("team/app", image(fmt.Sprint("garbage", cut)), "garbage").Digest)
			f.left = cut
			_, err := collect.Run(t.Context(), f.options())
			f.left = -1
			if err == nil {
				break
			}
			if !errors.Is(err, errCut) {
				t.Fatalf("cut at call %d: %v", cut, err)
			}
			if cut%2 == 0 {
				f.left = cut % 8
				if _, err := collect.Recover(t.Context(), f.recovery()); err != nil && !errors.Is(err, errCut) {
					t.Fatalf("cut at call %d: a recovery that is cut, too: %v", cut, err)
				}
				f.left = -1
			}
			q, err := collect.Recover(t.Context(), f.recovery())
			if err != nil {
				t.Fatalf("cut at call %d: %v", cut, err)
			}
			if q != nil {
				steps[q.Step]++
			}
			f.untouched(before)
			if t.Failed() {
				t.Fatalf("cut at call %d", cut)
			}
		}
		for _, step := range []collect.Step{collect.Quiescing, collect.Checking, collect.Collecting, collect.Restoring} {
			if steps[step] == 0 && every == 1 {
				t.Errorf("no run was cut at step %q: %v", step, steps)
			}
		}
		f.pulls(needed)
		f.untouched(before)
	})
}

// A run that is cancelled puts everything back by itself.
func TestCancelled(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		for _, at := range []collect.Step{collect.Quiescing, collect.Checking, collect.Collecting} {
			f := newFleet(t, v)
			f.fill()
			before := f.object
			ctx, cancel := context.WithCancel(t.Context())
			o := f.options()
			o.Progress = func(e collect.Event) {
				if e.Step == at {
					cancel()
				}
			}
			if _, err := collect.Run(ctx, o); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled while %s: %v", at, err)
			}
			cancel()
			f.untouched(before)
		}
	})
}

func TestDeadline(t *testing.T) {
	f := newFleet(t, registrytest.V2)
	f.fill()
	before := f.object
	o := f.options()
	o.Collect = 2 * time.Second
	o.Reachable = func(ctx context.Context) (collect.Reachable, error) {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if _, err := collect.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "took longer than 2s") {
		t.Error(err)
	}
	f.untouched(before)
}

// Two runs cannot meet: the second one is told who the first one is, whenever it comes.
func TestTwoRuns(t *testing.T) {
	f := newFleet(t, registrytest.V2)
	f.fill()
	before := f.object
	o := f.options()
	var second error
	o.Reachable = func(ctx context.Context) (collect.Reachable, error) {
		other := f.options()
		other.Who = "another"
		_, second = collect.Run(ctx, other)
		return f.reachable(ctx)
	}
	if _, err := collect.Run(t.Context(), o); err != nil {
		t.Error(err)
	}
	locked, ok := errors.AsType[*collect.LockedError](second)
	if !ok || locked.By.Who != "somebody@somewhere" || locked.By.Step != collect.Checking || !strings.Contains(hint.Of(second), "kubectl regprune recover") {
		t.Errorf("the second run: %v", second)
	}
	f.untouched(before)

	f.conflicts = 1 // somebody is quicker between the look and the lock
	if _, err := collect.Run(t.Context(), f.withGarbage()); !errors.Is(err, collect.ErrConflict) {
		t.Error(err)
	}
	f.untouched(before)
}

func (f *fleet) withGarbage() collect.Options {
	f.server().Delete("team/app", f.server().Push("team/app", image("more and more"), "garbage").Digest)
	return f.options()
}

// A recovery under a living run makes that stop before it deletes anything.
func TestRecoveredUnderneath(t *testing.T) {
	f := newFleet(t, registrytest.V3)
	f.fill()
	before, blobs := f.object, len(list(t, f).Blobs)
	o := f.options()
	o.Reachable = func(ctx context.Context) (collect.Reachable, error) {
		if _, err := collect.Recover(ctx, f.recovery()); err != nil {
			t.Error(err)
		}
		return f.reachable(ctx)
	}
	if _, err := collect.Run(t.Context(), o); !errors.Is(err, collect.ErrTakenOver) {
		t.Error(err)
	}
	if n := len(list(t, f).Blobs); n != blobs {
		t.Errorf("%d of %d blobs are left", n, blobs)
	}
	f.untouched(before)
}

func TestNothingToRecover(t *testing.T) {
	f := newFleet(t, registrytest.V2)
	f.fill()
	if q, err := collect.Recover(t.Context(), f.recovery()); q != nil || err != nil || f.restarts > 0 {
		t.Errorf("%+v, %v", q, err)
	}
	f.object.Annotations[collect.Annotation] = "{}"
	if q, err := collect.Recover(t.Context(), f.recovery()); q != nil || err == nil || hint.Of(err) == "" {
		t.Errorf("%+v, %v", q, err)
	}
}

// What cannot be put back is said, with the way to get there.
func TestCannotPutBack(t *testing.T) {
	f := newFleet(t, registrytest.V2)
	f.fill()
	o := f.options()
	o.Reachable = func(context.Context) (collect.Reachable, error) {
		f.left = 0
		return nil, errCut
	}
	_, err := collect.Run(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "may be read only now") || !strings.Contains(hint.Of(err), "kubectl regprune recover") {
		t.Errorf("%v\nhint: %s", err, hint.Of(err))
	}
}

// A collection that fails in the middle has its deletions counted.
func TestCollectionLost(t *testing.T) {
	f := newFleet(t, registrytest.V2)
	f.fill()
	before := f.object
	f.onRun = func(argv []string, _ io.Writer) error {
		if slices.Contains(argv, "garbage-collect") && !slices.Contains(argv, "--dry-run") {
			return errors.New("the connection is lost")
		}
		return nil
	}
	r, err := collect.Run(t.Context(), f.options())
	if err == nil || !strings.Contains(err.Error(), "connection is lost") || !errors.Is(err, collect.ErrAudit) || len(r.Swept) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	f.untouched(before)
}
