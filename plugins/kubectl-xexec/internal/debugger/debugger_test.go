package debugger_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/debugger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const image = "busybox:1"

// scene is a server with pod web-0, and the target in it.
func scene(t *testing.T) (*kubetest.Server, *kube.Client, resolve.Target) {
	t.Helper()
	pod := kubetest.Pod("shop", "web-0", "app", "sidecar")
	pod.UID = "uid-1"
	yes := true
	pod.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{RunAsNonRoot: &yes}
	server := kubetest.Start(t, kubetest.Options{Objects: []runtime.Object{pod}})
	client, err := kube.NewClient(server.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return server, client, resolve.Target{Namespace: "shop", Pod: "web-0", UID: "uid-1", Container: "app", DefaultedFrom: "app, sidecar"}
}

func podOf(t *testing.T, client *kube.Client) *corev1.Pod {
	t.Helper()
	pod, err := client.CoreV1().Pods("shop").Get(t.Context(), "web-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pod
}

func TestEnterAddsOneAndUsesItAgain(t *testing.T) {
	_, client, target := scene(t)
	var warnings []string
	d := debugger.New(client, debugger.Options{Image: image, Warn: func(text string) { warnings = append(warnings, text) }})
	first, err := d.Enter(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	again, err := debugger.New(client, debugger.Options{Image: image}).Enter(t.Context(), target)
	if err != nil || again != first || first.DefaultedFrom != "" {
		t.Errorf("first %+v, then %+v, %v", first, again, err)
	}
	pod := podOf(t, client)
	if len(pod.Spec.EphemeralContainers) != 1 {
		t.Fatalf("the pod has %d ephemeral containers", len(pod.Spec.EphemeralContainers))
	}
	c := pod.Spec.EphemeralContainers[0]
	if c.Name != first.Container || c.Image != image || c.TargetContainerName != "app" || c.SecurityContext == nil || !*c.SecurityContext.RunAsNonRoot {
		t.Errorf("container %+v", c)
	}
	if inner, err := d.Enter(t.Context(), first); err != nil || inner != first {
		t.Errorf("entering a debug container leads to %+v, %v", inner, err)
	}
	// Another container, and another image, are another matter.
	target.Container = "sidecar"
	if _, err := d.Enter(t.Context(), target); err != nil {
		t.Error(err)
	}
	if _, err := debugger.New(client, debugger.Options{Image: "alpine:3"}).Enter(t.Context(), target); err != nil {
		t.Error(err)
	}
	if n := len(podOf(t, client).Spec.EphemeralContainers); n != 3 {
		t.Errorf("%d ephemeral containers, want 3", n)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "cannot be removed") || !strings.Contains(warnings[0], "10m") {
		t.Errorf("warnings %q, want one", warnings)
	}
}

func TestEndedContainersAreNotUsedAgain(t *testing.T) {
	server, client, target := scene(t)
	d := debugger.New(client, debugger.Options{Image: image})
	first, err := d.Enter(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	pod := podOf(t, client)
	pod.Status.EphemeralContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed"}}
	server.Put(pod)
	second, err := d.Enter(t.Context(), target)
	if err != nil || second.Container == first.Container {
		t.Errorf("entered %q after %q, %v", second.Container, first.Container, err)
	}
}

func TestWaitsUntilItRuns(t *testing.T) {
	server, client, target := scene(t)
	server.Ephemeral(func(corev1.EphemeralContainer) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}
	})
	started := make(chan struct{})
	go func() {
		defer close(started)
		time.Sleep(150 * time.Millisecond)
		pod, err := client.CoreV1().Pods("shop").Get(context.Background(), "web-0", metav1.GetOptions{})
		if err != nil || len(pod.Status.EphemeralContainerStatuses) != 1 {
			t.Errorf("no container to start: %v", err)
			return
		}
		pod.Status.EphemeralContainerStatuses[0].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
		server.Put(pod)
	}()
	began := time.Now()
	_, err := debugger.New(client, debugger.Options{Image: image}).Enter(t.Context(), target)
	if took := time.Since(began); err != nil || took < 150*time.Millisecond {
		t.Errorf("entered after %s, %v", took, err)
	}
	<-started
}

func TestReasonsWhyItDoesNotRun(t *testing.T) {
	for _, c := range []struct {
		state      corev1.ContainerState
		says, hint string
	}{
		{corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "not found\nmore"}}, "ErrImagePull: not found", "--debug-image"},
		{corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CreateContainerConfigError", Message: "runs as root"}}, "runs as root", "runAsNonRoot"},
		{corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "StartError", ExitCode: 128, Message: `exec: "sh": not found`}}, "exit code 128 (StartError): exec", "needs sh"},
		{corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}, `does not run after 300ms, it is "ContainerCreating"`, ""},
	} {
		server, client, target := scene(t)
		server.Ephemeral(func(corev1.EphemeralContainer) corev1.ContainerState { return c.state })
		_, err := debugger.New(client, debugger.Options{Image: image, Wait: 300 * time.Millisecond}).Enter(t.Context(), target)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(hint.Of(err), c.hint) || debugger.Denied(err) {
			t.Errorf("error %v with hint %q, want %q and %q", err, hint.Of(err), c.says, c.hint)
		}
	}
}

func TestDenied(t *testing.T) {
	for _, rule := range []kubetest.Rule{{Verb: "update", Resource: "pods/ephemeralcontainers"}, {Verb: "get", Resource: "pods"}} {
		server, client, target := scene(t)
		server.Deny(rule)
		_, err := debugger.New(client, debugger.Options{Image: image}).Enter(t.Context(), target)
		if !debugger.Denied(err) || !strings.Contains(hint.Of(err), "update on pods/ephemeralcontainers") || !strings.Contains(hint.Of(err), "-n shop") {
			t.Errorf("error %v with hint %q", err, hint.Of(err))
		}
	}
}

func TestReplacedPodsAreLeftAlone(t *testing.T) {
	_, client, target := scene(t)
	target.UID = "uid-0"
	_, err := debugger.New(client, debugger.Options{Image: image}).Enter(t.Context(), target)
	if err == nil || !strings.Contains(err.Error(), "replaced") || len(podOf(t, client).Spec.EphemeralContainers) != 0 {
		t.Errorf("error %v", err)
	}
}

// Several clients that meet at one pod leave one container there.
func TestConflictsEndInOneContainer(t *testing.T) {
	server, client, target := scene(t)
	var all sync.WaitGroup
	names := make([]string, 8)
	for i := range names {
		all.Go(func() {
			entered, err := debugger.New(client, debugger.Options{Image: image}).Enter(t.Context(), target)
			if err != nil {
				t.Error(err)
			}
			names[i] = entered.Container
		})
	}
	all.Wait()
	if n := len(podOf(t, client).Spec.EphemeralContainers); n != 1 {
		t.Errorf("%d containers: %q", n, names)
	}
	tried := server.Recorder().Count(func(r kubetest.Request) bool { return r.Method == http.MethodPut })
	if tried < 1 {
		t.Error("nothing was sent")
	}
}

func TestContextEndsTheWait(t *testing.T) {
	interrupted := errors.New("interrupted")
	for _, delay := range []time.Duration{0, 100 * time.Millisecond} { // in the request, and after it
		server, client, target := scene(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		server.Ephemeral(func(corev1.EphemeralContainer) corev1.ContainerState {
			time.AfterFunc(delay, func() { cancel(interrupted) })
			return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
		})
		if _, err := debugger.New(client, debugger.Options{Image: image}).Enter(ctx, target); !errors.Is(err, interrupted) {
			t.Errorf("interrupted after %s: error %v", delay, err)
		}
	}
}
