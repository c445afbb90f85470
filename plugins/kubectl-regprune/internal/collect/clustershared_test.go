//go:build e2e

package collect_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
)

// A pod of another namespace that has the folder of the registry's claim is found.
func TestClusterSharedFolder(t *testing.T) {
	t.Parallel()
	c, other := testCluster(t), testCluster(t)
	c.claim(t)
	w := c.deploy(t, "registry:3", dataClaim)
	garbage(t, c.server(t, w), "two")
	volume, err := c.client.CoreV1().PersistentVolumes().Get(t.Context(), c.namespace, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	other.deploy(t, "registry:3", corev1.VolumeSource{HostPath: volume.Spec.HostPath})
	r, err := collect.Run(t.Context(), c.options(w))
	refused, ok := errors.AsType[*collect.RefusedError](err)
	if !ok || fmt.Sprint(refused.IDs) != "[shared-volume]" || !strings.Contains(err.Error(), `"`+other.namespace+"/registry-") {
		t.Errorf("%+v, %v", r, err)
	}
}
