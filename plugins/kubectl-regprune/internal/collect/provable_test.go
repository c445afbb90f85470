package collect_test

import (
	"context"
	"errors"
	"io"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

var errNoPush = errors.New("this login may not push")

// pullOnly is a fleet for a login that may not push.
type pullOnly struct{ *fleet }

type pullDoor struct{ collect.Door }

func (pullDoor) Writable(context.Context, string) (bool, error) { return false, errNoPush }

func (p pullOnly) Door(ctx context.Context, pod collect.Pod) (collect.Door, func(), error) {
	d, done, err := p.fleet.Door(ctx, pod)
	return pullDoor{d}, done, err
}

// A login that cannot prove anything is found out before the registry is restarted.
func TestLoginThatMayNotPush(t *testing.T) {
	f := newFleet(t, registrytest.V2)
	f.fill()
	before := f.object
	o := f.options()
	o.Access = pullOnly{f}
	if _, err := collect.Run(t.Context(), o); !errors.Is(err, errNoPush) || f.restarts > 0 {
		t.Errorf("%v after %d restarts", err, f.restarts)
	}
	f.untouched(before)
}

// A registry that is read only, as its owner wants it, is so afterwards, and not locked.
func TestClosedBefore(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		f := newFleet(t, v)
		f.fill()
		closed := corev1.EnvVar{Name: collect.Variable, Value: "{uploadpurging: {enabled: false}, readonly: {enabled: true}}"}
		f.object.Spec.Template.Spec.Containers[1].Env = []corev1.EnvVar{closed}
		if _, err := f.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		o := f.options()
		o.Allow = map[string]bool{collect.AlreadyClosed: true}
		r, err := collect.Run(t.Context(), o)
		if err != nil || len(r.Swept) != 3 {
			t.Errorf("%+v, %v", r, err)
		}
		if env := f.env(); len(env) != 1 || env[0] != closed.Name+"="+closed.Value || f.object.Annotations[collect.Annotation] != "" {
			t.Errorf("variables %q, annotations %q", env, f.object.Annotations)
		}
	})
}

// Where commands cannot be run any more once the registry is read only, there is
// nothing to end, as no collection was begun: it is opened again.
func TestNoCommandsWhileChecking(t *testing.T) {
	f := newFleet(t, registrytest.V2)
	f.fill()
	before := f.object
	f.onRun = func([]string, io.Writer) error {
		if len(f.env()) > 0 {
			return errCut
		}
		return nil
	}
	if _, err := collect.Run(t.Context(), f.options()); !errors.Is(err, errCut) {
		t.Errorf("%v", err)
	}
	f.onRun = nil
	f.untouched(before)
}
