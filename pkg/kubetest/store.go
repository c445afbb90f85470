package kubetest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
)

// clusterScoped are the kinds that live outside namespaces, of those a test is
// likely to hand in.
var clusterScoped = map[string]bool{
	"Namespace": true, "Node": true, "PersistentVolume": true, "StorageClass": true,
	"ClusterRole": true, "ClusterRoleBinding": true, "PriorityClass": true, "IngressClass": true,
	"RuntimeClass": true, "CSINode": true, "CSIDriver": true,
}

type objectKey struct {
	gvr             schema.GroupVersionResource
	namespace, name string
}

type store struct {
	mu       sync.RWMutex
	objects  map[objectKey]*unstructured.Unstructured
	kinds    map[schema.GroupVersionResource]schema.GroupVersionKind
	defined  map[schema.GroupVersionKind]Kind // see [Server.Define]
	revision int

	ephemeral func(corev1.EphemeralContainer) corev1.ContainerState // see [Server.Ephemeral]
}

func newStore() *store {
	st := &store{
		objects: map[objectKey]*unstructured.Unstructured{},
		kinds:   map[schema.GroupVersionResource]schema.GroupVersionKind{},
	}
	for _, k := range []string{
		"v1 Pod", "v1 Service", "v1 Secret", "v1 ConfigMap", "v1 Namespace", "v1 Node", "v1 Endpoints", "v1 Event",
		"v1 PersistentVolumeClaim", "v1 ReplicationController", "v1 ServiceAccount",
		"apps/v1 Deployment", "apps/v1 ReplicaSet", "apps/v1 StatefulSet", "apps/v1 DaemonSet",
		"batch/v1 Job", "batch/v1 CronJob", "discovery.k8s.io/v1 EndpointSlice", "networking.k8s.io/v1 Ingress",
		"policy/v1 PodDisruptionBudget",
	} {
		version, kind, _ := strings.Cut(k, " ")
		st.learn(schema.FromAPIVersionAndKind(version, kind))
	}
	return st
}

func (st *store) learn(gvk schema.GroupVersionKind) schema.GroupVersionResource {
	gvr, _ := meta.UnsafeGuessKindToResource(gvk)
	if gvk.Kind == "Endpoints" {
		gvr.Resource = "endpoints"
	}
	if k := st.defined[gvk]; k.Resource != "" {
		gvr.Resource = k.Resource
	}
	st.kinds[gvr] = gvk
	return gvr
}

func (st *store) key(obj runtime.Object) (objectKey, schema.GroupVersionKind, error) {
	gvk := obj.GetObjectKind().GroupVersionKind()
	if gvk.Empty() {
		kinds, _, err := scheme.Scheme.ObjectKinds(obj)
		if err != nil {
			return objectKey{}, gvk, fmt.Errorf("looking up the kind of %T: %w", obj, err)
		}
		gvk = kinds[0]
	}
	m, err := meta.Accessor(obj)
	if err != nil {
		return objectKey{}, gvk, fmt.Errorf("reading the metadata of a %s: %w", gvk.Kind, err)
	}
	if m.GetName() == "" {
		return objectKey{}, gvk, fmt.Errorf("putting a %s: it has no name", gvk.Kind)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	namespace := cmp.Or(m.GetNamespace(), "default")
	if st.scopeless(gvk) {
		namespace = ""
	}
	return objectKey{gvr: st.learn(gvk), namespace: namespace, name: m.GetName()}, gvk, nil
}

// put stores a copy of obj with the fields that a real server would fill in.
func (st *store) put(obj runtime.Object) error {
	key, gvk, err := st.key(obj)
	if err != nil {
		return err
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return fmt.Errorf("encoding %s %q: %w", gvk.Kind, key.name, err)
	}
	u := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(content)}
	u.SetGroupVersionKind(gvk)
	u.SetNamespace(key.namespace)
	st.mu.Lock()
	defer st.mu.Unlock()
	st.revision++
	u.SetResourceVersion(strconv.Itoa(st.revision))
	if u.GetUID() == "" {
		u.SetUID(types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", st.revision)))
	}
	if at := u.GetCreationTimestamp(); at.IsZero() {
		u.SetCreationTimestamp(metav1.Now())
	}
	st.objects[key] = u
	return nil
}

func (st *store) remove(key objectKey) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.objects, key)
	st.revision++
}

func (st *store) get(key objectKey) (*unstructured.Unstructured, bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	u, ok := st.objects[key]
	return u, ok
}

// list returns what there is of gvr in namespace, or in all namespaces if it is
// empty, in the order of etcd's keys, and the revision it is true for.
func (st *store) list(gvr schema.GroupVersionResource, namespace string) ([]*unstructured.Unstructured, int) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	var out []*unstructured.Unstructured
	for k, u := range st.objects {
		if k.gvr == gvr && (namespace == "" || k.namespace == namespace) {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return out, st.revision
}

func (st *store) kind(gvr schema.GroupVersionResource) (schema.GroupVersionKind, bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	gvk, ok := st.kinds[gvr]
	return gvk, ok
}

// pod returns a pod in its typed form.
func (st *store) pod(namespace, name string) (*corev1.Pod, bool) {
	u, ok := st.get(objectKey{corev1.SchemeGroupVersion.WithResource("pods"), namespace, name})
	if !ok {
		return nil, false
	}
	var p corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &p); err != nil {
		return nil, false
	}
	return &p, true
}

// Pod makes a running, ready pod with the given containers, "app" if none are
// named.
func Pod(namespace, name string, containerNames ...string) *corev1.Pod {
	if len(containerNames) == 0 {
		containerNames = []string{"app"}
	}
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{NodeName: "node-1"},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "10.0.0.1", HostIP: "10.1.0.1",
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
	for _, c := range containerNames {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: c, Image: "example.test/" + c + ":1"})
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c, Ready: true, Image: "example.test/" + c + ":1", ContainerID: "containerd://" + name + "-" + c,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
		})
	}
	return p
}
