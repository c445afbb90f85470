package collect_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

// Whoever opens the registry under a collection, in whichever way, ends it before it
// deletes anything, and nothing stays locked.
func TestOpenedWhileCollecting(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		for name, tc := range map[string]struct {
			open func(f *fleet, before corev1.PodTemplateSpec)
			want error
		}{
			"as a repository has it": {func(f *fleet, before corev1.PodTemplateSpec) { f.object.Spec.Template = before }, collect.ErrWritable},
			"replaced": {func(f *fleet, before corev1.PodTemplateSpec) {
				f.object.Spec.Template = before
				delete(f.object.Annotations, collect.Annotation)
			}, collect.ErrWritable},
			"only unlocked": {func(f *fleet, _ corev1.PodTemplateSpec) { delete(f.object.Annotations, collect.Annotation) }, collect.ErrTakenOver},
			"the pods alone": {func(f *fleet, _ corev1.PodTemplateSpec) {
				if err := f.server().TryRestart(f.t.Context(), variables()); err != nil {
					f.t.Error(err)
				}
			}, collect.ErrWritable},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := newFleet(t, v)
				f.t = t
				f.fill()
				before, blobs := *f.object.DeepCopy(), len(list(t, f).Blobs)
				f.slow = true
				f.onRun = func(argv []string, _ io.Writer) error {
					if slices.Contains(argv, "garbage-collect") && !slices.Contains(argv, "--dry-run") {
						f.mu.Lock()
						defer f.mu.Unlock()
						f.version++
						tc.open(f, before.Spec.Template)
					}
					return nil
				}
				began := time.Now()
				o := f.options()
				o.Watch = 100 * time.Millisecond
				r, err := collect.Run(t.Context(), o)
				if !errors.Is(err, tc.want) || len(r.Swept) > 0 {
					t.Errorf("%+v, %v", r, err)
				}
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("it was ended after %s", took)
				}
				f.onRun = nil
				if n := len(list(t, f).Blobs); n != blobs {
					t.Errorf("%d of %d blobs are left", n, blobs)
				}
				f.untouched(before)
			})
		}
	})
}

// Where nobody opens the registry, a slow collection gets to its end.
func TestWatchedToTheEnd(t *testing.T) {
	f := newFleet(t, registrytest.V2)
	f.fill()
	before, looks := f.object, 0
	f.onRun = func(argv []string, _ io.Writer) error {
		if slices.Contains(argv, "garbage-collect") && !slices.Contains(argv, "--dry-run") {
			time.Sleep(300 * time.Millisecond)
		}
		return nil
	}
	o := f.options()
	o.Watch = 10 * time.Millisecond
	o.Workload = counting{f, &looks}
	if r, err := collect.Run(t.Context(), o); err != nil || len(r.Swept) != 3 || looks < 10 {
		t.Errorf("%+v, %v, %d looks", r, err, looks)
	}
	f.onRun = nil
	f.untouched(before)
}

// What a collection has deleted whose pod is gone is found out in the next one.
func TestAuditInAnotherPod(t *testing.T) {
	f := newFleet(t, registrytest.V3)
	f.fill()
	before, collected := f.object, false
	f.onRun = func(argv []string, _ io.Writer) error {
		switch {
		case collected:
			collected = false
			return errCut
		case slices.Contains(argv, "garbage-collect"):
			collected = !slices.Contains(argv, "--dry-run")
		}
		return nil
	}
	r, err := collect.Run(t.Context(), f.options())
	if !errors.Is(err, errCut) || len(r.Swept) != 3 || r.Freed != r.Expected {
		t.Errorf("%+v, %v", r, err)
	}
	f.onRun = nil
	f.untouched(before)
}

// counting counts looks at the workload.
type counting struct {
	*fleet
	n *int
}

func (c counting) Get(ctx context.Context) (*collect.Snapshot, error) {
	*c.n++
	return c.fleet.Get(ctx)
}
