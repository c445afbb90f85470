package main

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func hostPath(path string) corev1.VolumeSource {
	return corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}}
}

// stores gives the registry another volume.
func (w *world) stores(v corev1.VolumeSource) {
	w.site.mu.Lock()
	defer w.site.mu.Unlock()
	spec := &w.site.deployment.Spec.Template.Spec
	spec.Volumes, spec.NodeName = []corev1.Volume{{Name: "data", VolumeSource: v}}, "node-1"
	w.site.roll()
}

// claimed is a claim, and the folder that is bound to it.
func (w *world) claimed(namespace, name, path string) {
	w.cluster.Put(namespaceOf(namespace), &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: namespace + "-" + name},
		Spec: corev1.PersistentVolumeSpec{
			ClaimRef:               &corev1.ObjectReference{Namespace: namespace, Name: name},
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}},
		},
	}, &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, VolumeName: namespace + "-" + name},
		Status:     corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound},
	})
}

// Another pod that can write to the registry's folder of a node keeps it from being
// collected, by whatever volume and in whatever namespace.
func TestHostPathShared(t *testing.T) {
	home(t)
	w := start(t, registrytest.V3, registrytest.Options{})
	c := fill(t, w.server)
	w.cluster.Put(uses(c)...)
	w.server.Delete("shop/web", c.untagged.Digest)
	w.claimed("images", "images", "/srv/registry")
	w.claimed("elsewhere", "same", "/srv/registry")
	w.claimed("elsewhere", "other", "/srv/other")
	claim := func(name string) corev1.VolumeSource {
		return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}
	}
	for _, tc := range []struct {
		name         string
		own, second  corev1.VolumeSource
		node         string
		phase        corev1.PodPhase
		readOnly, ok bool
	}{
		{name: "same folder", own: hostPath("/srv/registry"), second: hostPath("/srv/registry")},
		{name: "folder inside", own: hostPath("/srv/registry"), second: hostPath("/srv/registry/docker/")},
		{name: "folder around", own: hostPath("/srv/registry"), second: hostPath("/srv")},
		{name: "claim", own: hostPath("/srv/registry"), second: claim("same")},
		{name: "claims", own: claim("images"), second: claim("same")},
		{name: "folder of a claim", own: claim("images"), second: hostPath("/srv/registry")},
		{name: "provisioner", own: claim("images"), second: hostPath("/srv"), ok: true},
		{name: "other folder", own: hostPath("/srv/registry"), second: hostPath("/srv/registry-2"), ok: true},
		{name: "other claim", own: hostPath("/srv/registry"), second: claim("other"), ok: true},
		{name: "other node", own: hostPath("/srv/registry"), second: hostPath("/srv/registry"), node: "node-2", ok: true},
		{name: "read only", own: hostPath("/srv/registry"), second: hostPath("/srv/registry"), readOnly: true, ok: true},
		{name: "ended", own: hostPath("/srv/registry"), second: hostPath("/srv/registry"), phase: corev1.PodFailed, ok: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.stores(tc.own)
			second := kubetest.Pod("elsewhere", "second", "registry")
			second.Labels = map[string]string{"app": "registry"} // of another namespace
			second.Spec.Volumes = []corev1.Volume{{Name: "files", VolumeSource: tc.second}}
			second.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "files", MountPath: "/var/lib/registry", ReadOnly: tc.readOnly}}
			if tc.node != "" {
				second.Spec.NodeName = tc.node
			}
			if tc.phase != "" {
				second.Status.Phase = tc.phase
			}
			w.cluster.Put(second)
			defer w.cluster.Delete(second)
			if tc.ok {
				must(t, 0, w.args("gc", "svc/registry", "--dry-run")...)
				return
			}
			must(t, exitRefused, w.args("gc", "svc/registry", "--dry-run")...).says(t, `pod "elsewhere/second" can write to`, "allow it: shared-volume")
		})
	}
}

// Who may not list the pods of all namespaces is told what is not known.
func TestHostPathUnseen(t *testing.T) {
	home(t)
	w := start(t, registrytest.V3, registrytest.Options{})
	fill(t, w.server)
	w.claimed("images", "images", "/srv/other")
	w.stores(hostPath("/srv/registry"))
	w.cluster.Deny(kubetest.Rule{Verb: "list", Resource: "pods"}, kubetest.Rule{Resource: "persistentvolumes"})
	w.cluster.Allow(kubetest.Rule{Verb: "list", Resource: "pods", Namespace: "images"})
	must(t, exitRefused, w.args("gc", "svc/registry", "--dry-run")...).says(t, `"/srv/registry"`, "may not be listed", "others-unseen")
	must(t, 0, w.args("gc", "svc/registry", "--dry-run", "--allow", "others-unseen")...)
	w.stores(corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "images"}})
	must(t, 0, w.args("gc", "svc/registry", "--dry-run")...)
}
