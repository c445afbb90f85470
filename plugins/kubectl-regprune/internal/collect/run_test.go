package collect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

func TestRun(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		f := newFleet(t, v, corev1.EnvVar{Name: "REGISTRY_LOG_LEVEL", Value: "warn"})
		f.fill()
		needed, err := f.reachable(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before, bytes := f.object, size(t, f)
		var steps []collect.Step
		o := f.options()
		o.Progress = func(e collect.Event) {
			if len(steps) == 0 || steps[len(steps)-1] != e.Step {
				steps = append(steps, e.Step)
			}
		}
		r, err := collect.Run(t.Context(), o)
		if err != nil {
			t.Fatalf("%v\nhint: %s", err, hint.Of(err))
		}
		if len(r.Swept) != 3 || r.Freed != r.Expected || r.Freed != bytes-size(t, f) || r.Freed <= 0 || len(r.Unknown) > 0 {
			t.Errorf("%+v, really %d bytes", r, bytes-size(t, f))
		}
		if r.Probed == 0 || len(r.Stale) > 0 || f.restarts != 2 || r.Quiesced <= 0 || r.FreeBytes[1] <= 0 {
			t.Errorf("%+v after %d restarts", r, f.restarts)
		}
		if got := fmt.Sprint(steps); got != "[looking quiescing checking collecting restoring probing]" {
			t.Errorf("steps %s", got)
		}
		f.pulls(needed)
		f.untouched(before)

		r, err = collect.Run(t.Context(), o)
		if err != nil || !r.Nothing || f.restarts != 2 {
			t.Errorf("without garbage: %+v, %v, %d restarts", r, err, f.restarts)
		}
	})
}

func size(t *testing.T, f *fleet) int64 {
	t.Helper()
	var all int64
	for _, bytes := range list(t, f).Blobs {
		all += bytes
	}
	return all
}

// The variable may have been there, in any form, and comes back as it was.
func TestEnvironmentComesBack(t *testing.T) {
	other := corev1.EnvVar{Name: "REGISTRY_LOG_LEVEL", Value: "warn"}
	for name, env := range map[string][]corev1.EnvVar{
		"none":  nil,
		"value": {other, {Name: collect.Variable, Value: "{uploadpurging: {enabled: false}}"}, {Name: "Z", Value: "z"}},
		"source": {{Name: "A", Value: "a"}, {Name: collect.Variable, ValueFrom: &corev1.EnvVarSource{
			ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "m"}, Key: "k"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, registrytest.V2, env...)
			f.fill()
			f.object.Annotations = nil
			f.conflicts = 0
			before := f.object
			if r, err := collect.Run(t.Context(), f.options()); err != nil || len(r.Swept) != 3 {
				t.Errorf("%+v, %v", r, err)
			}
			f.untouched(before)
		})
	}
}

// The form of the switch works whether the configuration has a block or not; the one
// that documentation suggests does neither.
func TestReadOnlySwitch(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		for name, without := range map[string]bool{"without a block": true, "with a block": false} {
			f := startFleet(t, v, registrytest.Options{NoMaintenance: without})
			f.fill()
			err := f.server().TryRestart(t.Context(), variables("REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true"))
			if without && (err == nil || !strings.Contains(err.Error(), "panic")) {
				t.Errorf("%s: the other form no longer ends the server: %v", name, err)
			}
			if !without {
				if ok, err := f.server().Client().Writable(t.Context(), "team/app"); !ok || err != nil {
					t.Errorf("%s: the other form works: %v, %v", name, ok, err)
				}
			}
			f.server().Restart(variables())
			if r, err := collect.Run(t.Context(), f.options()); err != nil || len(r.Swept) != 3 {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
		}
	})
}

// A variable that overrides the switch leaves the registry writable: nothing is deleted.
func TestStillWritable(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		f := newFleet(t, v)
		f.fill()
		before, blobs := f.object, len(list(t, f).Blobs)
		o := f.options()
		o.Workload = &deaf{fleet: f}
		_, err := collect.Run(t.Context(), o)
		if !errors.Is(err, collect.ErrWritable) {
			t.Errorf("%v", err)
		}
		if n := len(list(t, f).Blobs); n != blobs {
			t.Errorf("%d of %d blobs are left", n, blobs)
		}
		f.untouched(before)
	})
}

// deaf does not restart its pods.
type deaf struct{ *fleet }

func (d *deaf) Wait(ctx context.Context) ([]collect.Pod, error) {
	d.running = d.env()
	return d.fleet.Wait(ctx)
}

func TestPushWhileQuiet(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		f := newFleet(t, v)
		f.fill()
		code := 0
		o := f.options()
		o.Reachable = func(ctx context.Context) (collect.Reachable, error) {
			r, err := f.server().Do("POST", "/v2/team/app/blobs/uploads/", 0, nil)
			if err != nil {
				return nil, err
			}
			code = r.StatusCode
			return f.reachable(ctx)
		}
		if _, err := collect.Run(t.Context(), o); err != nil || code != 405 {
			t.Errorf("a push was answered with %d: %v", code, err)
		}
	})
}

func TestFirewall(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		f := newFleet(t, v)
		c := f.fill()
		// The link of a child goes, and its index stays. The server's collection goes by
		// links, and what only that child refers to is garbage to it.
		f.server().Delete("team/multi", c.child.Digest)
		before, blobs := f.object, len(list(t, f).Blobs)
		layer := "" // that only the child has
		o := f.options()
		o.Reachable = func(ctx context.Context) (collect.Reachable, error) {
			needed, err := f.reachable(ctx)
			plan, _ := dryRun(t, f)
			layer = plan[len(plan)-1]
			needed[layer] = []string{"team/multi"}
			return needed, err
		}
		_, err := collect.Run(t.Context(), o)
		if !errors.Is(err, collect.ErrFirewall) || !strings.Contains(err.Error(), layer) || hint.Of(err) == "" {
			t.Errorf("%v", err)
		}
		if n := len(list(t, f).Blobs); n != blobs {
			t.Errorf("%d of %d blobs are left", n, blobs)
		}
		f.untouched(before)
	})
}

// What -m would print, and what a server prints that lies, stops the run.
func TestStrangeOutput(t *testing.T) {
	for name, tc := range map[string]struct{ extra, want string }{
		"manifests":    {"manifest eligible for deletion: sha256:" + strings.Repeat("a", 64) + "\n", "1 manifests"},
		"no digest":    {"blob eligible for deletion: ../../x\n", "no digest"},
		"wrong number": {"blob eligible for deletion: sha256:" + strings.Repeat("a", 64) + "\n", "names 4 blobs, and counts 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, registrytest.V2)
			f.fill()
			before := f.object
			f.onRun = func(argv []string, stdout io.Writer) error {
				if slices.Contains(argv, "--dry-run") {
					_, err := io.WriteString(stdout, tc.extra)
					return err
				}
				return nil
			}
			if _, err := collect.Run(t.Context(), f.options()); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
			if f.restarts > 0 {
				t.Errorf("%d restarts", f.restarts)
			}
			f.untouched(before)
		})
	}
}
