package redisconn

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestContainersAreJudgedByTheirOwnState: what a sidecar suffers from does not
// hide a server, and a sidecar that runs does not excuse one that does not.
func TestContainersAreJudgedByTheirOwnState(t *testing.T) {
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	waiting := func(why string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: why}}
	}
	ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137}}
	unscheduled := []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"}}
	for name, c := range map[string]struct {
		phase          corev1.PodPhase
		redis, sidecar corev1.ContainerState
		conditions     []corev1.PodCondition
		deleted        bool
		want           string // the reason to skip the pod
	}{
		"all runs":                     {phase: corev1.PodRunning, redis: running, sidecar: running},
		"sidecar has no image":         {phase: corev1.PodPending, redis: running, sidecar: waiting("ErrImageNeverPull")},
		"sidecar crashes":              {phase: corev1.PodRunning, redis: running, sidecar: waiting("CrashLoopBackOff")},
		"sidecar has ended":            {phase: corev1.PodRunning, redis: running, sidecar: ended},
		"nothing known, phase running": {phase: corev1.PodRunning},
		"redis crashes":                {phase: corev1.PodRunning, redis: waiting("CrashLoopBackOff"), sidecar: running, want: `is not running: container "redis" is waiting (CrashLoopBackOff)`},
		"redis has no image":           {phase: corev1.PodPending, redis: waiting("ImagePullBackOff"), sidecar: running, want: `is not running: container "redis" is waiting (ImagePullBackOff)`},
		"redis was killed":             {phase: corev1.PodRunning, redis: ended, sidecar: running, want: `is not running: container "redis" has terminated with exit code 137`},
		"no node":                      {phase: corev1.PodPending, conditions: unscheduled, want: "is pending (Unschedulable)"},
		"nothing known, pod failed":    {phase: corev1.PodFailed, want: "is not running (failed)"},
		"goes away":                    {phase: corev1.PodRunning, redis: running, deleted: true, want: "is terminating"},
	} {
		pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "r-0"},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "sidecar", Image: "envoy"}, {Name: "redis", Image: "redis:7"}}},
			Status: corev1.PodStatus{Phase: c.phase, Conditions: c.conditions, ContainerStatuses: []corev1.ContainerStatus{
				{Name: "sidecar", State: c.sidecar}, {Name: "redis", State: c.redis}}}}
		if c.deleted {
			pod.DeletionTimestamp = &metav1.Time{}
		}
		found, skipped := Candidates([]corev1.Pod{pod})
		got := ""
		if len(skipped) > 0 {
			got = skipped[0].Reason
		}
		if got != c.want || (len(found) == 1) != (c.want == "") {
			t.Errorf("%s: %d candidates, skipped %q, want %q", name, len(found), got, c.want)
		}
	}
}

func TestBrokenExporterDoesNotHideItsServer(t *testing.T) {
	pod := corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "exporter", Image: "redis_exporter"}, {Name: "redis", Image: "redis:7"}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{
			{Name: "exporter", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}},
			{Name: "redis", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}}}
	found, skipped := Candidates([]corev1.Pod{pod})
	if len(found) != 1 || found[0].Container.Name != "redis" || len(skipped) != 1 || !strings.Contains(skipped[0].Reason, "CrashLoopBackOff") {
		t.Errorf("%v, skipped %v", found, skipped)
	}
}

// TestNativeSidecarsServe: an init container that is restarted runs beside the
// others; one that is not has ended.
func TestNativeSidecarsServe(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "app"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}},
			InitContainers: []corev1.Container{{Name: "warm", Image: "redis:7"}, {Name: "cache", Image: "redis:7", RestartPolicy: &always}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending, InitContainerStatuses: []corev1.ContainerStatus{
			{Name: "cache", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}}}
	found, skipped := Candidates([]corev1.Pod{pod})
	if len(found) != 1 || found[0].Container.Name != "cache" || len(skipped) != 0 {
		t.Errorf("%v, skipped %v", found, skipped)
	}
	if named, notRunning := Named(&pod, "cache", 0); len(named) != 1 || len(notRunning) != 0 {
		t.Errorf("named: %v", named)
	}
}
