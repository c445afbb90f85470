package collect_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

func TestExamine(t *testing.T) {
	volume := func(source corev1.VolumeSource) func(*collect.Snapshot, *collect.Surroundings, *disk.Config) {
		return func(s *collect.Snapshot, _ *collect.Surroundings, _ *disk.Config) {
			s.Template.Spec.Volumes[0].VolumeSource = source
		}
	}
	hostPath := corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/srv"}}
	for name, tc := range map[string]struct {
		change func(*collect.Snapshot, *collect.Surroundings, *disk.Config)
		want   string // ID, refuse, final
	}{
		"good":      {nil, "[]"},
		"emptyDir":  {volume(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}), "[storage-lost true true]"},
		"hostPath":  {volume(hostPath), "[node-unpinned true false]"},
		"no volume": {func(s *collect.Snapshot, _ *collect.Surroundings, _ *disk.Config) { s.Template.Spec.Volumes = nil }, "[storage-lost true true]"},
		"another folder": {func(s *collect.Snapshot, _ *collect.Surroundings, _ *disk.Config) {
			s.Template.Spec.Containers[0].VolumeMounts[1].MountPath = "/var/lib/reg"
		}, "[storage-lost true true]"},
		"one node": {func(s *collect.Snapshot, n *collect.Surroundings, _ *disk.Config) {
			s.Template.Spec.Volumes[0].VolumeSource, n.Nodes = hostPath, 1
		}, "[]"},
		"pinned": {func(s *collect.Snapshot, _ *collect.Surroundings, _ *disk.Config) {
			s.Template.Spec.Volumes[0].VolumeSource, s.Template.Spec.NodeName = hostPath, "a"
		}, "[]"},
		"a registry on each node": {func(s *collect.Snapshot, _ *collect.Surroundings, _ *disk.Config) {
			s.Template.Spec.Volumes[0].VolumeSource, s.Kind = hostPath, "DaemonSet"
		}, "[shared-volume true true]"},
		"one at a time": {func(s *collect.Snapshot, n *collect.Surroundings, _ *disk.Config) {
			n.Claims["data"], s.Strategy = collect.Claim{Modes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}}, "RollingUpdate"
		}, "[slow-rollout false false]"},
		"template": {func(s *collect.Snapshot, _ *collect.Surroundings, _ *disk.Config) {
			s.Kind, s.Template.Spec.Volumes, s.Replicas = "StatefulSet", nil, 2
			s.Claims = make([]corev1.PersistentVolumeClaim, 1)
			s.Claims[0].Name = "data"
		}, "[shared-volume true true]"},
		"settings":   {func(_ *collect.Snapshot, _ *collect.Surroundings, c *disk.Config) { c.Same = false }, "[settings-differ true true]"},
		"read only":  {func(_ *collect.Snapshot, _ *collect.Surroundings, c *disk.Config) { c.ReadOnly = true }, "[already-readonly true false]"},
		"proxy":      {func(_ *collect.Snapshot, _ *collect.Surroundings, c *disk.Config) { c.Proxy = true }, "[proxy-cache true false]"},
		"paused":     {func(s *collect.Snapshot, _ *collect.Surroundings, _ *disk.Config) { s.Paused = true }, "[not-restarting true true]"},
		"off":        {func(s *collect.Snapshot, _ *collect.Surroundings, _ *disk.Config) { s.Replicas = 0 }, "[not-restarting true true]"},
		"on delete":  {func(s *collect.Snapshot, _ *collect.Surroundings, _ *disk.Config) { s.Strategy = "OnDelete" }, "[not-restarting true true]"},
		"autoscaler": {func(_ *collect.Snapshot, n *collect.Surroundings, _ *disk.Config) { n.Autoscalers = []string{"h"} }, "[autoscaled true false]"},
		"cron job":   {func(_ *collect.Snapshot, n *collect.Surroundings, _ *disk.Config) { n.Collectors = []string{"gc"} }, "[own-collector true false]"},
		"sharer":     {func(_ *collect.Snapshot, n *collect.Surroundings, _ *disk.Config) { n.Sharers = []string{"p"} }, "[shared-volume true false]"},
		"neighbour": {func(_ *collect.Snapshot, n *collect.Surroundings, _ *disk.Config) {
			n.Neighbours = map[string][]string{"tmp": {"a/p"}, "data": {"b/p"}}
		}, "[shared-volume true false]"},
		"unseen, and of no matter": {func(_ *collect.Snapshot, n *collect.Surroundings, _ *disk.Config) { n.Unseen = true }, "[]"},
		"unseen": {func(s *collect.Snapshot, n *collect.Surroundings, _ *disk.Config) {
			s.Template.Spec.Volumes[0].VolumeSource, n.Nodes, n.Unseen = hostPath, 1, true
		}, "[others-unseen true false]"},
		"Argo CD": {func(s *collect.Snapshot, _ *collect.Surroundings, _ *disk.Config) {
			s.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "x"}
		}, "[managed true false]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &collect.Snapshot{Kind: "Deployment", Namespace: "n", Name: "r", Replicas: 1, Strategy: "Recreate", Container: "c"}
			s.Template.Spec.Containers = []corev1.Container{{Name: "c", VolumeMounts: []corev1.VolumeMount{{Name: "tmp", MountPath: "/"}, {Name: "data", MountPath: "/var/lib/registry/"}}}}
			s.Template.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}}
			near := &collect.Surroundings{Nodes: 2, Claims: map[string]collect.Claim{"data": {Modes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}}}}
			c := &disk.Config{Same: true, Root: "/var/lib/registry"}
			if tc.change != nil {
				tc.change(s, near, c)
			}
			var got []string
			for _, f := range collect.Examine(s, near, c) {
				got = append(got, fmt.Sprintf("%s %t %t", f.ID, f.Refuse, f.Final))
				if f.Text == "" {
					t.Errorf("%s has no text", f.ID)
				}
			}
			if want := tc.want; fmt.Sprint(got) != want {
				t.Errorf("%v, want %s", got, want)
			}
		})
	}
}
