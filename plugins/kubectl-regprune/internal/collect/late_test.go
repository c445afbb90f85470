package collect_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

// hooked is a fleet with something to do before the workload is patched.
type hooked struct {
	*fleet
	before func(context.Context, *collect.Snapshot, []collect.Operation) error // nil to go on
}

func (h *hooked) Patch(ctx context.Context, s *collect.Snapshot, ops []collect.Operation) error {
	if err := h.before(ctx, s, ops); err != nil {
		return err
	}
	return h.fleet.Patch(ctx, s, ops)
}

// enters notes another step, as the run does that has the lock.
func (f *fleet) enters(from, to collect.Step) {
	f.mu.Lock()
	defer f.mu.Unlock()
	note := &f.object.Annotations
	(*note)[collect.Annotation] = strings.Replace((*note)[collect.Annotation], string(from), string(to), 1)
	f.version++
}

// A run that begins to collect under a recovery has that ended before the registry is
// opened.
func TestStepChangesUnderRecover(t *testing.T) {
	t.Parallel()
	f := newFleet(t, registrytest.V3)
	f.fill()
	before := f.object
	o := f.options()
	o.Reachable = func(context.Context) (collect.Reachable, error) {
		f.left = 0 // the run is killed
		return nil, errCut
	}
	if _, err := collect.Run(t.Context(), o); err == nil {
		t.Fatal("the run was not killed")
	}
	f.left = -1
	looked, patches := false, 0
	f.onRun = func(argv []string, _ io.Writer) error {
		looked = looked || len(argv) > 2 && strings.Contains(argv[2], "garbage-collect")
		return nil
	}
	recovery := f.recovery()
	recovery.Workload = &hooked{f, func(context.Context, *collect.Snapshot, []collect.Operation) error {
		if patches++; patches == 1 {
			f.enters(collect.Checking, collect.Collecting)
		} else if !looked {
			t.Error("the registry is opened while a collection may run")
		}
		return nil
	}}
	if q, err := collect.Recover(t.Context(), recovery); err != nil || q == nil || q.Step != collect.Collecting {
		t.Errorf("%+v, %v", q, err)
	}
	if patches < 2 || !looked {
		t.Errorf("%d patches; looked for a collection: %v", patches, looked)
	}
	f.untouched(before)
}

// An API server grants what it was asked for although nobody waits for it any more: a
// run that is cancelled at that moment waits.
func TestCancelledWhileLocking(t *testing.T) {
	t.Parallel()
	f := newFleet(t, registrytest.V2)
	f.fill()
	before := f.object
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := f.options()
	o.Workload = &hooked{f, func(asked context.Context, _ *collect.Snapshot, _ []collect.Operation) error {
		cancel()
		select {
		case <-asked.Done():
			return asked.Err()
		case <-time.After(100 * time.Millisecond):
			return nil
		}
	}}
	if _, err := collect.Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if f.version != 3 { // locked, opened, unlocked
		t.Errorf("the workload was changed %d times", f.version)
	}
	f.untouched(before)
}

// A lock whose answer was lost is granted after the workload was looked at, and before
// it is changed, or never.
func TestLockGrantedLate(t *testing.T) {
	t.Parallel()
	for _, at := range []int{2, 3} {
		f := newFleet(t, registrytest.V2)
		f.fill()
		before, patches := f.object, 0
		var lock func() error
		o := f.options()
		o.Answer = 50 * time.Millisecond
		o.Workload = &hooked{f, func(ctx context.Context, s *collect.Snapshot, ops []collect.Operation) error {
			if patches++; patches == 1 {
				lock = func() error { return f.Patch(t.Context(), s, ops) }
				<-ctx.Done()
				return context.Cause(ctx)
			}
			if patches == at {
				if err := lock(); (err == nil) != (at == 2) {
					t.Errorf("the lock is granted before patch %d: %v", at, err)
				}
			}
			return nil
		}}
		if _, err := collect.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no answer within 50ms") {
			t.Error(err)
		}
		if patches < 2 {
			t.Errorf("the workload was not changed after the lock was lost")
		}
		f.untouched(before)
	}
}
