package collect_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

// One replica that takes pushes is enough to delete nothing.
func TestReplicas(t *testing.T) {
	each(t, func(t *testing.T, v registrytest.Version) {
		f := newFleet(t, v)
		f.fill()
		f.servers = append(f.servers, registrytest.Start(t, v, registrytest.Options{NoMaintenance: true, Root: f.server().Root}))
		before, blobs := f.object, len(list(t, f).Blobs)
		f.stuck = 1
		if _, err := collect.Run(t.Context(), f.options()); !errors.Is(err, collect.ErrWritable) || !strings.Contains(err.Error(), "registry-1") {
			t.Error(err)
		}
		if n := len(list(t, f).Blobs); n != blobs {
			t.Errorf("%d of %d blobs are left", n, blobs)
		}
		f.untouched(before)
		f.stuck = 0
		if r, err := collect.Run(t.Context(), f.options()); err != nil || len(r.Swept) != 3 {
			t.Errorf("%+v, %v", r, err)
		}
		f.untouched(before)
	})
}

// A cache in Redis outlives the restart, which only the user can do something about.
func TestStaleRedis(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	f := newFleet(t, registrytest.V2,
		corev1.EnvVar{Name: "REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR", Value: "redis"},
		corev1.EnvVar{Name: "REGISTRY_REDIS_ADDR", Value: fmt.Sprint("127.0.0.1:", redis.Port)})
	f.fill()
	before := f.object
	r, err := collect.Run(t.Context(), f.options())
	if !errors.Is(err, collect.ErrStale) || len(r.Stale) == 0 || !strings.Contains(hint.Of(err), "FLUSHDB") || len(r.Swept) != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	f.untouched(before)
}
