//go:build e2e

package e2e

import "testing"

// TestContainersSurviveContainerd checks what the tests of lost connections
// rely on: containerd can be killed while pods keep running. Not parallel: it
// cuts every stream of the cluster.
func TestContainersSurviveContainerd(t *testing.T) {
	n := Connect(t).Namespace(t)
	n.Apply(t, "web.yaml")
	pod := n.Pods(t, "app=web")[0]
	before := n.Must(t, "get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].containerID}")
	n.Restart(t, "containerd")
	if out := n.Must(t, "exec", pod, "--", "echo", "still here"); out != "still here\n" {
		t.Errorf("exec after the restart printed %q", out)
	}
	after := n.Must(t, "get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].containerID}")
	if after != before {
		t.Errorf("containers changed from %q to %q", before, after)
	}
}
