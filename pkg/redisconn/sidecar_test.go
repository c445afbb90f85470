package redisconn

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// TestExporterWithoutPortsDoesNotHideThePassword: it is taken for the server on
// the default port, and comes first.
func TestExporterWithoutPortsDoesNotHideThePassword(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "right")
	for name, exporter := range map[string][]corev1.EnvVar{
		"no password": nil, "a wrong one": {{Name: "REDIS_PASSWORD", Value: "wrong"}},
	} {
		pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "r-0"}, Status: corev1.PodStatus{Phase: corev1.PodRunning}, Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Name: "metrics", Image: "redis-exporter", Env: exporter},
			{Name: "redis", Image: "redis:7", Args: []string{"--requirepass", "right"}}}}}
		f := finder(t, map[string]*redistest.Server{"r-0:6379": server})
		candidates, _ := Candidates([]corev1.Pod{pod})
		found := f.Ask(context.Background(), candidates)
		if len(candidates) != 2 || len(found.Instances) != 1 || found.Instances[0].Err != nil {
			t.Errorf("%s: %d candidates, found %+v", name, len(candidates), found)
			continue
		}
		if used := found.Instances[0].Endpoint.Used(); used == nil || used.Password != "right" {
			t.Errorf("%s: used %v", name, used)
		}
	}
}

func TestBetterAnswerIsKept(t *testing.T) {
	c := candidate("r-0", 6379)
	bad, good := &Instance{Candidate: c, Port: 6379, Err: ErrNoPassword}, &Instance{Candidate: c, Port: 6379}
	for _, order := range [][]*Instance{{bad, good}, {good, bad}} {
		f := &Found{}
		for _, i := range order {
			f.add(i)
		}
		if len(f.Instances) != 1 || f.Instances[0] != good {
			t.Errorf("kept %v", f.Instances)
		}
	}
}
