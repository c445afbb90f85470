package collect_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

// undone is what "kubectl rollout undo" makes of a workload after a run.
func (f *fleet) undone() {
	f.t.Helper()
	env := &f.object.Spec.Template.Spec.Containers[1].Env
	*env = append(slices.Clone(*env), corev1.EnvVar{Name: collect.Variable, Value: collect.Value})
	f.version++
	if _, err := f.Wait(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// A variable that no run has noted is removed when the user says so, and the registry
// then is proven to take pushes, however often that is interrupted.
func TestUnnoted(t *testing.T) {
	t.Parallel()
	f := newFleet(t, registrytest.V3, corev1.EnvVar{Name: "REGISTRY_LOG_LEVEL", Value: "warn"})
	f.fill()
	before := *f.object.DeepCopy()
	f.undone()
	f.restarts = 0
	if q, err := collect.Recover(t.Context(), f.recovery()); q != nil || !errors.Is(err, collect.ErrUnnoted) || f.restarts > 0 {
		t.Errorf("%+v, %v after %d restarts", q, err, f.restarts)
	}
	if _, err := collect.Run(t.Context(), f.options()); err == nil || !strings.Contains(err.Error(), "kubectl regprune recover") {
		t.Errorf("a run of a registry that is closed: %v", err)
	}
	recovery := f.recovery()
	recovery.Unnoted = true
	for cut := 1; ; cut += 2 {
		f.conflicts, f.left = 1, cut
		q, err := collect.Recover(t.Context(), recovery)
		f.left = -1
		if err == nil && q != nil {
			break
		}
		if !errors.Is(err, errCut) || cut > 30 {
			t.Fatalf("cut at call %d: %+v, %v", cut, q, err)
		}
		// Once the variable is gone, there is a note.
		if q, err := collect.Recover(t.Context(), f.recovery()); err == nil && q != nil {
			f.untouched(before)
			f.undone()
		} else if !errors.Is(err, collect.ErrUnnoted) {
			t.Fatalf("cut at call %d, then: %+v, %v", cut, q, err)
		}
	}
	f.untouched(before)
	if q, err := collect.Recover(t.Context(), recovery); q != nil || err != nil {
		t.Errorf("once more: %+v, %v", q, err)
	}
}

// What takes no pushes for another reason is not said to be recovered.
func TestUnnotedStaysClosed(t *testing.T) {
	t.Parallel()
	f := startFleet(t, registrytest.V2, registrytest.Options{})
	f.fill()
	f.undone()
	f.servers[0].Restart(func(o *registrytest.Options) { o.ReadOnly = true })
	recovery := f.recovery()
	recovery.Unnoted = true
	if _, err := collect.Recover(t.Context(), recovery); !errors.Is(err, collect.ErrReadOnly) {
		t.Error(err)
	}
}
