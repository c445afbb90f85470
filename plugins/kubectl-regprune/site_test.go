package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// site is a registry in a cluster: a Deployment of one pod, its Service and its
// volume, and a real server behind the port of the pod. What runs in the container
// sees that server alone. A change of the Deployment's variables restarts the server
// with them, as a cluster would; see [world.patch].
type site struct {
	namespace, name string
	server          *registrytest.Server
	cluster         *kubetest.Server

	mu         sync.Mutex
	restarts   int
	deployment *appsv1.Deployment
	address    string              // that the port of the pod leads to
	onExec     func(argv []string) // before a command; may be nil
}

const registryPort = 5000

// newSite puts a registry into a cluster. address is the server's, or of something
// that stands before it.
func newSite(c *kubetest.Server, namespace string, server *registrytest.Server, address string) *site {
	s := &site{namespace: namespace, name: "registry", server: server, cluster: c, address: address}
	labels := map[string]string{"app": s.name}
	volume := corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "images"}}}
	image := map[registrytest.Version]string{registrytest.V2: "registry:2.8.2", registrytest.V3: "registry:3.1.2"}[server.Version]
	s.deployment = &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: s.name, Generation: 1, Annotations: map[string]string{"owner": "us"}},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: labels}, Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Volumes: []corev1.Volume{volume}, Containers: []corev1.Container{{
				Name: "registry", Image: image, Args: []string{"serve", server.Config}, Ports: []corev1.ContainerPort{{ContainerPort: registryPort}},
				VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: server.Root}},
			}}}},
		},
	}
	c.Put(namespaceOf(namespace), s.service(), s.slice(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "images"},
		Spec:       corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}},
		Status:     corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound},
	})
	s.roll()
	return s
}

func namespaceOf(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func (s *site) service() runtime.Object {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: s.name}, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": s.name}, Type: corev1.ServiceTypeNodePort, ClusterIP: "10.96.0.50",
		Ports: []corev1.ServicePort{{Port: registryPort, NodePort: 32000}}}}
}

func (s *site) slice() runtime.Object {
	return &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: s.namespace, Name: s.name + "-1", Labels: map[string]string{discoveryv1.LabelServiceName: s.name}},
		AddressType: discoveryv1.AddressTypeIPv4, Ports: []discoveryv1.EndpointPort{{Port: new(int32(registryPort))}},
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: s.namespace, Name: s.pod()}}},
	}
}

func (s *site) pod() string { return s.name + "-5d8f-0" }

// roll makes the pod that the Deployment describes.
func (s *site) roll() {
	d := s.deployment
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1}
	p := kubetest.Pod(s.namespace, s.pod(), "registry")
	p.Labels = map[string]string{"app": s.name, "pod-template-hash": "5d8f"}
	p.Spec.Containers, p.Spec.Volumes = d.Spec.Template.Spec.Containers, d.Spec.Template.Spec.Volumes
	p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: s.name + "-5d8f", Controller: new(true)}}
	s.cluster.Delete(p) // for a new UID
	s.cluster.Put(d, p)
	s.cluster.Container(s.namespace+"/"+p.Name+"/registry", kubetest.Container{Start: s.exec})
	s.cluster.Forward(s.namespace+"/"+p.Name, registryPort, s.address)
}

// env are the variables of the container, as NAME=VALUE.
func (s *site) env() (list []string) {
	for _, v := range s.deployment.Spec.Template.Spec.Containers[0].Env {
		list = append(list, v.Name+"="+v.Value)
	}
	return list
}

// exec runs a command beside the server, whose process is the only one to be seen.
func (s *site) exec(ctx context.Context, argv []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	pid := s.pid()
	s.mu.Lock()
	env, hook := s.env(), s.onExec
	s.mu.Unlock()
	if hook != nil {
		hook(argv)
	}
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = strings.ReplaceAll(word, "/proc/[0-9]*", "/proc/"+strconv.Itoa(pid))
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "OTEL_TRACES_EXPORTER=none"}, env...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if stdin != nil {
		pipe, err := cmd.StdinPipe()
		if err != nil {
			return 0, err
		}
		go func() {
			_, _ = io.Copy(pipe, stdin) // the command may end before its input does
			pipe.Close()
		}()
	}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// pid is the process of the server, found by its configuration; 0 if there is none.
func (s *site) pid() int {
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err == nil && strings.HasSuffix(strings.TrimRight(string(text), "\x00"), "\x00serve\x00"+s.server.Config) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
				return pid
			}
		}
	}
	return 0
}

// change takes a new version of the Deployment over.
func (s *site) change(raw []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &appsv1.Deployment{}
	if err := json.Unmarshal(raw, d); err != nil {
		return err
	}
	before := fmt.Sprint(s.env())
	d.Generation = s.deployment.Generation + 1
	s.deployment = d
	if env := s.env(); fmt.Sprint(env) != before {
		s.server.Restart(func(o *registrytest.Options) { o.Env = env })
		s.restarts++
	}
	s.roll()
	return nil
}

// past sets the times of all files back, so that nothing is too young.
func past(t testing.TB, root string) {
	t.Helper()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, at, at)
	})
	if err != nil {
		t.Fatal(err)
	}
}
