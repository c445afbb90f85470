//go:build e2e

package collect_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// standing is a cluster whose collections stand still as soon as they begin.
type standing struct{ *cluster }

type standingRunner struct{ disk.Runner }

func (s standing) Runner(pod collect.Pod) disk.Runner { return standingRunner{s.cluster.Runner(pod)} }

func (s standingRunner) Run(ctx context.Context, argv []string, stdin io.Reader, stdout io.Writer) error {
	if slices.Contains(argv, "garbage-collect") && !slices.Contains(argv, "--dry-run") {
		argv = append([]string{"sh", "-c", `kill -STOP $$; exec "$@"`, "sh"}, argv...)
	}
	return s.Runner.Run(ctx, argv, stdin, stdout)
}

// Somebody applies the workload again as it was written, as GitOps does.
func TestClusterOpenedWhileCollecting(t *testing.T) {
	t.Parallel()
	c := testCluster(t)
	c.claim(t)
	w := c.deploy(t, "registry:3", dataClaim)
	garbage(t, c.server(t, w), "two")
	before := c.spec(t)
	original, err := c.client.AppsV1().Deployments(c.namespace).Get(t.Context(), "registry", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{
		map[string]any{"name": "registry", "env": append([]any{map[string]any{"$patch": "replace"}}, envOf(original.Spec.Template.Spec.Containers[0].Env)...)}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	o := c.options(w)
	o.Access = standing{c}
	var opened time.Time
	o.Progress = func(e collect.Event) {
		if e.Step == collect.Collecting {
			time.AfterFunc(2*time.Second, func() { // into the collection
				opened = time.Now()
				if _, err := c.client.AppsV1().Deployments(c.namespace).Patch(t.Context(), "registry", types.StrategicMergePatchType, body, metav1.PatchOptions{}); err != nil {
					t.Error(err)
				}
			})
		}
		if e.Step == collect.Restoring {
			t.Logf("ended %s after it was opened", time.Since(opened).Round(time.Millisecond))
		}
	}
	r, err := collect.Run(t.Context(), o)
	if !errors.Is(err, collect.ErrWritable) || len(r.Swept) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	t.Log(err)
	if after := c.spec(t); after != before {
		t.Errorf("the workload is\n%s\nand was\n%s", after, before)
	}
	s := c.server(t, w)
	s.Push("team/app", image("base", "two"), "new")
	if _, err := s.Client().Manifest(t.Context(), "team/app", "new"); err != nil {
		t.Errorf("what was pushed: %v", err)
	}
}

func envOf[T any](list []T) (out []any) {
	for _, v := range list {
		out = append(out, v)
	}
	return out
}
