package collect_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk/disktest"
)

// fleet is a workload whose pods are real registries: a change of its variables takes
// effect in Wait, which restarts them.
type fleet struct {
	t       *testing.T
	mu      sync.Mutex
	calls   sync.Mutex // for left
	object  appsv1.Deployment
	version int
	servers []*registrytest.Server // the replicas; they share the first one's storage
	running []string               // the variables that they were started with
	restarts,
	left int // calls that the cluster still answers; negative: all
	conflicts int // patches to refuse first
	stuck     int // a server that does not restart; 0 for none
	near      collect.Surroundings
	onRun     func(argv []string, stdout io.Writer) error // before a command, nil to go on
	slow      bool                                        // the real collection stands still for 20 s when it begins
}

var errCut = errors.New("the cluster does not answer")

// newFleet is a fleet with the configuration that the official images have.
func newFleet(t *testing.T, v registrytest.Version, env ...corev1.EnvVar) *fleet {
	t.Helper()
	return startFleet(t, v, registrytest.Options{NoMaintenance: true}, env...)
}

func startFleet(t *testing.T, v registrytest.Version, o registrytest.Options, env ...corev1.EnvVar) *fleet {
	t.Helper()
	f := &fleet{t: t, left: -1}
	f.object = appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "images", Name: "registry", Annotations: map[string]string{"kept": "as/it is"}}}
	f.object.Spec.Template.Spec = corev1.PodSpec{
		Containers: []corev1.Container{{Name: "sidecar"}, {Name: "registry", Env: env, VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/"}}}},
		Volumes:    []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}},
	}
	f.near = collect.Surroundings{Nodes: 1, Claims: map[string]collect.Claim{"data": {Modes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, Bound: true}}}
	f.running = f.env()
	o.Env = f.running
	f.servers = []*registrytest.Server{registrytest.Start(t, v, o)}
	return f
}

func (f *fleet) server() *registrytest.Server { return f.servers[0] }

func (f *fleet) env() (list []string) {
	for _, v := range f.object.Spec.Template.Spec.Containers[1].Env {
		list = append(list, v.Name+"="+v.Value)
	}
	return list
}

// variables is a change of a server's environment.
func variables(env ...string) func(*registrytest.Options) {
	return func(o *registrytest.Options) { o.Env = env }
}

// call counts down to the moment from which nothing answers any more: for the cluster
// that is what a killed run looks like.
func (f *fleet) call() error {
	f.calls.Lock()
	defer f.calls.Unlock()
	if f.left == 0 {
		return errCut
	}
	f.left--
	return nil
}

func (f *fleet) Get(context.Context) (*collect.Snapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call(); err != nil {
		return nil, err
	}
	o := f.object.DeepCopy()
	return &collect.Snapshot{
		Kind: "Deployment", Namespace: o.Namespace, Name: o.Name, ResourceVersion: strconv.Itoa(f.version), Annotations: o.Annotations,
		Replicas: len(f.servers), Strategy: "Recreate", Template: o.Spec.Template, Container: "registry",
	}, nil
}

func (f *fleet) Patch(_ context.Context, s *collect.Snapshot, ops []collect.Operation) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call(); err != nil {
		return err
	}
	if f.conflicts > 0 {
		f.conflicts--
		f.version++
	}
	if s.ResourceVersion != strconv.Itoa(f.version) {
		return collect.ErrConflict
	}
	text, err := json.Marshal(ops)
	if err != nil {
		return err
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil {
		return err
	}
	before, err := json.Marshal(f.object)
	if err != nil {
		return err
	}
	after, err := patch.Apply(before)
	if err != nil {
		return err
	}
	f.object = appsv1.Deployment{}
	f.version++
	return json.Unmarshal(after, &f.object)
}

func (f *fleet) Wait(ctx context.Context) ([]collect.Pod, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.call(); err != nil {
		return nil, err
	}
	if env := f.env(); !slices.Equal(env, f.running) {
		f.running = []string{"unknown"}
		for i, s := range f.servers {
			if i > 0 && i == f.stuck {
				continue
			}
			if err := s.TryRestart(ctx, variables(env...)); err != nil {
				return nil, err
			}
		}
		f.running = env
		f.restarts++
	}
	var pods []collect.Pod
	for i := range f.servers {
		pods = append(pods, collect.Pod{Namespace: "images", Name: fmt.Sprintf("registry-%d", i), UID: strconv.Itoa(i), Container: "registry"})
	}
	return pods, nil
}

func (f *fleet) Surroundings(context.Context, *collect.Snapshot) (*collect.Surroundings, error) {
	return &f.near, f.call()
}

func (f *fleet) of(pod collect.Pod) *registrytest.Server {
	i, err := strconv.Atoi(pod.UID)
	if err != nil {
		f.t.Error(err)
	}
	return f.servers[i]
}

// Runner runs commands with the variables of the pod, as exec does, beside the one
// process that there is.
func (f *fleet) Runner(pod collect.Pod) disk.Runner { return podRunner{f, f.of(pod)} }

// stopped is a collection that has begun and goes on after a while.
const stopped = `(sleep 20; kill -CONT $$) >/dev/null 2>&1 & kill -STOP $$; exec "$@"`

type podRunner struct {
	*fleet
	server *registrytest.Server
}

func (p podRunner) Run(ctx context.Context, argv []string, stdin io.Reader, stdout io.Writer) error {
	if err := p.call(); err != nil {
		return err
	}
	if p.onRun != nil {
		if err := p.onRun(argv, stdout); err != nil {
			return err
		}
	}
	if p.slow && slices.Contains(argv, "garbage-collect") && !slices.Contains(argv, "--dry-run") {
		argv = append([]string{"sh", "-c", stopped, "sh"}, argv...)
	}
	local := disktest.Local{Env: p.server.Environ()}
	return disktest.OnlyProcess{Runner: local, PID: p.server.PID()}.Run(ctx, argv, stdin, stdout)
}

func (f *fleet) Door(_ context.Context, pod collect.Pod) (collect.Door, func(), error) {
	if err := f.call(); err != nil {
		return nil, nil, err
	}
	c := f.of(pod).Client()
	return c, c.Close, nil
}

// reachable reads the registry over its API: tags, and what these lead to.
func (f *fleet) reachable(ctx context.Context) (collect.Reachable, error) {
	c := f.server().Client()
	needed := collect.Reachable{}
	var walk func(repository, reference string) error
	walk = func(repository, reference string) error {
		m, err := c.Manifest(ctx, repository, reference)
		if errors.Is(err, registry.ErrNotFound) {
			needed[reference] = append(needed[reference], repository) // an index still needs it
			return nil
		}
		if err != nil {
			return err
		}
		content, err := m.Parse()
		if err != nil {
			return err
		}
		needed[m.Digest] = append(needed[m.Digest], repository)
		for _, l := range content.Layers {
			needed[l.Digest] = append(needed[l.Digest], repository)
		}
		if content.Config != nil {
			needed[content.Config.Digest] = append(needed[content.Config.Digest], repository)
		}
		for _, child := range content.Manifests {
			if err := walk(repository, child.Digest); err != nil {
				return err
			}
		}
		return nil
	}
	for repository, err := range c.Repositories(ctx, 0) {
		if err != nil {
			return nil, err
		}
		tags, err := c.Tags(ctx, repository)
		if err != nil && !errors.Is(err, registry.ErrNotFound) {
			return nil, err
		}
		for _, tag := range tags {
			if err := walk(repository, tag); err != nil {
				return nil, err
			}
		}
	}
	return needed, nil
}

func (f *fleet) options() collect.Options {
	return collect.Options{
		Workload: f, Access: f, Reachable: f.reachable, Who: "somebody@somewhere", Recover: "kubectl regprune recover",
		Rollout: 10 * time.Second, Restore: 20 * time.Second, Again: time.Millisecond,
	}
}

// untouched fails the test unless the workload is as it was and takes pushes.
func (f *fleet) untouched(before appsv1.Deployment) {
	f.t.Helper()
	got, err1 := json.Marshal(f.object)
	want, err2 := json.Marshal(before)
	if string(got) != string(want) || err1 != nil || err2 != nil {
		f.t.Errorf("the workload is\n%s\nand was\n%s", got, want)
	}
	for _, s := range f.servers {
		if ok, err := s.Client().Writable(f.t.Context(), "team/app"); !ok || err != nil {
			f.t.Errorf("the registry takes no pushes: %v", err)
		}
	}
	for _, r := range list(f.t, f).Repositories {
		if r.Uploads.Count > 0 {
			f.t.Errorf("%d uploads to %q were left behind", r.Uploads.Count, r.Name)
		}
	}
}

// content is a registry with shared layers, an index, and garbage.
type content struct{ kept, gone, child, index *registrytest.Content }

// image is one of layers of these texts.
func image(layers ...string) registrytest.Image {
	var i registrytest.Image
	for _, text := range layers {
		i.Layers = append(i.Layers, registrytest.Layer(text, 500))
	}
	return i
}

func (f *fleet) fill() content {
	s := f.server()
	var c content
	c.kept = s.Push("team/app", image("base", "one"), "1")
	c.gone = s.Push("team/app", image("base", "two"), "2")
	c.child = image("base", "amd64").Build()
	c.index = s.Push("team/multi", registrytest.Index{Manifests: []registrytest.Builder{c.child, image("base", "arm64")}}, "latest")
	s.Push("other", image("base", "two-in-another"), "x")
	s.Delete("team/app", c.gone.Digest)
	return c
}

// pulls fails the test unless everything that tags lead to can be had.
func (f *fleet) pulls(want collect.Reachable) {
	f.t.Helper()
	for digest, repositories := range want {
		for _, repository := range repositories {
			got, err := f.server().Do("GET", "/v2/"+repository+"/blobs/"+digest, 200, nil)
			if err != nil {
				got, err = f.server().Do("GET", "/v2/"+repository+"/manifests/"+digest, 200, nil, "Accept", strings.Join(registry.MediaTypes, ", "))
			}
			if err != nil || registry.Digest(got.Body) != digest {
				f.t.Errorf("%s of %s: %v", digest, repository, err)
			}
		}
	}
}

func each(t *testing.T, test func(t *testing.T, v registrytest.Version)) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		t.Parallel()
		test(t, v)
	})
}
