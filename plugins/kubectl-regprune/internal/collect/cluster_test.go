//go:build e2e

package collect_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// cluster is a namespace of the testbed, whose pods this machine reaches by their IPs.
type cluster struct {
	client    kubernetes.Interface
	exec      *podexec.Client
	namespace string
}

func connect() (*cluster, error) {
	path := os.Getenv("TESTBED_KUBECONFIG")
	if path == "" {
		return nil, errors.New("TESTBED_KUBECONFIG is not set; run hack/testbed/testbed up and set it to the path that it prints")
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, err
	}
	config.RateLimiter, config.WarningHandler = nil, rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	exec, err := podexec.New(config, podexec.EndToEnd())
	return &cluster{client, exec, os.Getenv(childVar)}, err
}

func testCluster(t *testing.T) *cluster {
	t.Helper()
	c, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	c.namespace = "regprune-collect-" + strings.ToLower(rand.Text()[:8])
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.namespace}}
	if _, err := c.client.CoreV1().Namespaces().Create(t.Context(), n, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err1 := c.client.CoreV1().Namespaces().Delete(ctx, c.namespace, metav1.DeleteOptions{})
		err2 := c.client.CoreV1().PersistentVolumes().Delete(ctx, c.namespace, metav1.DeleteOptions{})
		if err1 != nil || err2 != nil && !apierrors.IsNotFound(err2) {
			t.Errorf("removing the namespace: %v, %v", err1, err2)
		}
	})
	return c
}

// claim is a volume of this machine, bound to the claim "data" by name.
func (c *cluster) claim(t *testing.T) {
	t.Helper()
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	modes, class := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, ""
	_, err1 := c.client.CoreV1().PersistentVolumes().Create(t.Context(), &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: c.namespace},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: size, AccessModes: modes, PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			ClaimRef:               &corev1.ObjectReference{Namespace: c.namespace, Name: "data"},
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: t.TempDir()}},
		},
	}, metav1.CreateOptions{})
	_, err2 := c.client.CoreV1().PersistentVolumeClaims(c.namespace).Create(t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "data"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: modes, StorageClassName: &class, VolumeName: c.namespace, Resources: corev1.VolumeResourceRequirements{Requests: size},
		},
	}, metav1.CreateOptions{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
}

// deploy runs a registry and returns its workload, found by its pod.
func (c *cluster) deploy(t *testing.T, image string, volume corev1.VolumeSource, env ...corev1.EnvVar) collect.Workload {
	t.Helper()
	labels, grace := map[string]string{"app": "registry"}, int64(1)
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "registry"}}
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	d.Spec.Template.Labels = labels
	d.Spec.Template.Spec = corev1.PodSpec{
		TerminationGracePeriodSeconds: &grace,
		NodeSelector:                  map[string]string{"kubernetes.io/hostname": "testbed-node"},
		Volumes:                       []corev1.Volume{{Name: "data", VolumeSource: volume}},
		Containers: []corev1.Container{{
			Name: "registry", Image: "testbed.local/" + image, ImagePullPolicy: corev1.PullNever,
			Env:          append([]corev1.EnvVar{{Name: "REGISTRY_STORAGE_DELETE_ENABLED", Value: "true"}}, env...),
			VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/var/lib/registry"}},
			ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
				HTTPGet: &corev1.HTTPGetAction{Path: "/v2/", Port: intstr.FromInt32(5000)}}},
		}},
	}
	if _, err := c.client.AppsV1().Deployments(c.namespace).Create(t.Context(), d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w, err := c.workload()
	if err != nil {
		t.Fatal(err)
	}
	c.pods(t, w)
	return w
}

func (c *cluster) workload() (collect.Workload, error) {
	return collect.NewWorkload(c.client, resolve.Ref{Kind: resolve.Deployment, Name: "registry"}, c.namespace, "registry")
}

func (c *cluster) pods(t *testing.T, w collect.Workload) []collect.Pod {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pods, err := w.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return pods
}

// server talks to the pod that there is.
func (c *cluster) server(t *testing.T, w collect.Workload) *registrytest.Server {
	t.Helper()
	return registrytest.At(t, "http://"+c.pods(t, w)[0].IP+":5000")
}

func (c *cluster) Runner(pod collect.Pod) disk.Runner {
	return disk.NewPod(c.exec, pod.Namespace, pod.Name, pod.Container)
}

func (c *cluster) Door(_ context.Context, pod collect.Pod) (collect.Door, func(), error) {
	client, err := registry.New(registry.Options{Base: &url.URL{Scheme: "http", Host: pod.IP + ":5000"}})
	if err != nil {
		return nil, nil, err
	}
	return client, client.Close, nil
}

func (c *cluster) options(w collect.Workload) collect.Options {
	return collect.Options{
		Workload: w, Access: c, Who: "a test", Rollout: time.Minute, Restore: 2 * time.Minute,
		Reachable: func(context.Context) (collect.Reachable, error) { return collect.Reachable{"sha256:0": nil}, nil },
	}
}

func (c *cluster) spec(t *testing.T) string {
	t.Helper()
	d, err := c.client.AppsV1().Deployments(c.namespace).Get(t.Context(), "registry", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	delete(d.Annotations, "deployment.kubernetes.io/revision")
	text, err := json.Marshal([]any{d.Spec, d.Annotations})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var dataClaim = corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}

// garbage leaves an image, and what another one left behind.
func garbage(t *testing.T, s *registrytest.Server, name string) {
	t.Helper()
	s.Push("team/app", image("base"), "kept")
	s.Delete("team/app", s.Push("team/app", image("base", name), "gone").Digest)
}

func TestClusterRun(t *testing.T) {
	for _, name := range []string{"registry:2", "registry:3"} {
		t.Run(strings.ReplaceAll(name, ":", " "), func(t *testing.T) {
			t.Parallel()
			c := testCluster(t)
			c.claim(t)
			w := c.deploy(t, name, dataClaim)
			garbage(t, c.server(t, w), "two")
			before := c.spec(t)
			began := time.Now()
			r, err := collect.Run(t.Context(), c.options(w))
			if err != nil || len(r.Swept) != 3 || r.Freed != r.Expected || r.Probed == 0 || len(r.Stale) > 0 {
				t.Fatalf("%+v, %v", r, err)
			}
			t.Logf("%d bytes, read only for %s of %s; %+v", r.Freed, r.Quiesced, time.Since(began), r.Findings)
			if after := c.spec(t); after != before {
				t.Errorf("the workload is\n%s\nand was\n%s", after, before)
			}
			s := c.server(t, w)
			if _, err := s.Client().Manifest(t.Context(), "team/app", "kept"); err != nil {
				t.Errorf("what was kept: %v", err)
			}
			s.Push("team/app", image("base", "two"), "again")
		})
	}
}

// childVar has a namespace, for a process that collects there and is killed.
const childVar = "COLLECT_TEST_NAMESPACE"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		os.Exit(child())
	}
	m.Run()
}

func child() int {
	c, err := connect()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	w, err := c.workload()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	o := c.options(w)
	o.Progress = func(e collect.Event) { fmt.Println("step", e.Step) }
	if _, err := collect.Run(context.Background(), o); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func TestClusterKilled(t *testing.T) {
	c := testCluster(t)
	c.claim(t)
	w := c.deploy(t, "registry:3", dataClaim, corev1.EnvVar{Name: collect.Variable, Value: "{uploadpurging: {enabled: false}}"})
	before := c.spec(t)
	for _, step := range []collect.Step{collect.Quiescing, collect.Checking, collect.Collecting, collect.Restoring} {
		garbage(t, c.server(t, w), "before "+string(step))
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childVar+"="+c.namespace)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		reached := false
		for lines := bufio.NewScanner(out); !reached && lines.Scan(); {
			if reached = lines.Text() == "step "+string(step); !reached && !strings.HasPrefix(lines.Text(), "step ") {
				t.Error(lines.Text())
			}
		}
		time.Sleep(300 * time.Millisecond) // into the step
		cmd.Process.Kill()                 // it may have ended, which Wait tells
		if err := cmd.Wait(); err == nil || !reached {
			t.Fatalf("the run was not killed while %s: %v", step, err)
		}
		began := time.Now()
		q, err := collect.Recover(t.Context(), collect.Recovery{Workload: w, Access: c})
		if err != nil || q == nil {
			t.Fatalf("killed while %s: %+v, %v", step, q, err)
		}
		t.Logf("killed while %s, at %s: put back in %s", step, q.Step, time.Since(began).Round(time.Millisecond))
		if after := c.spec(t); after != before {
			t.Errorf("killed while %s: the workload is\n%s\nand was\n%s", step, after, before)
		}
		c.server(t, w).Push("team/app", image("base", string(step)), "pushed")
	}
}

func TestClusterRefusals(t *testing.T) {
	t.Parallel()
	c := testCluster(t)
	w := c.deploy(t, "registry:2", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}})
	garbage(t, c.server(t, w), "x")
	_, err := collect.Run(t.Context(), c.options(w))
	if refused, ok := errors.AsType[*collect.RefusedError](err); !ok || fmt.Sprint(refused.IDs) != "[storage-lost]" {
		t.Error(err)
	}
	grace := int64(0)
	_, err = c.client.CoreV1().Pods(c.namespace).Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "bare"}, Spec: corev1.PodSpec{
		TerminationGracePeriodSeconds: &grace, NodeSelector: map[string]string{"kubernetes.io/hostname": "testbed-node"},
		Containers: []corev1.Container{{Name: "r", Image: "testbed.local/registry-bare:3", ImagePullPolicy: corev1.PullNever}}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := collect.NewWorkload(c.client, resolve.Ref{Kind: resolve.Pod, Name: "bare"}, c.namespace, "r"); err == nil || !strings.Contains(err.Error(), "cannot be restarted") {
		t.Error(err)
	}
	// The container may not be there yet.
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		_, err = disk.List(t.Context(), disk.NewPod(c.exec, c.namespace, "bare", "r"), "/var/lib/registry")
		if errors.Is(err, disk.ErrNoTools) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if _, err := disk.ReadConfig(t.Context(), disk.NewPod(c.exec, c.namespace, "bare", "r"), ""); !errors.Is(err, disk.ErrNoTools) {
		t.Error(err)
	}
}

// A pod that does not start with new settings is noticed long before the deadline.
func TestClusterCrash(t *testing.T) {
	t.Parallel()
	c := testCluster(t)
	c.claim(t)
	w := c.deploy(t, "registry:3", dataClaim)
	s, err := w.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Patch(t.Context(), s, []collect.Operation{{Op: "add", Path: "/spec/template/spec/containers/0/env/-",
		Value: corev1.EnvVar{Name: "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED", Value: "true"}}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Patch(t.Context(), s, []collect.Operation{{Op: "remove", Path: "/spec/template/spec/containers/0/env/0"}}); !errors.Is(err, collect.ErrConflict) {
		t.Errorf("a patch of what has been changed: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	_, err = w.Wait(ctx)
	if crash, ok := errors.AsType[*collect.CrashError](err); !ok || crash.Reason != "CrashLoopBackOff" {
		t.Error(err)
	}
}
