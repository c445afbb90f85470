package collect_test

import (
	"context"
	"io"
	"strings"
	"testing"

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
