package collect

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestFoldersMeet(t *testing.T) {
	registry := folder{path: "/srv/registry", node: "a"}
	claimed := folder{path: "/srv/registry", claim: true}
	for _, c := range []struct {
		own, other folder
		want       bool
	}{
		{registry, folder{path: "/srv/registry", node: "a"}, true},
		{registry, folder{path: "/srv/registry"}, true}, // on whatever node it will be
		{registry, folder{path: "/srv/registry", node: "b"}, false},
		{registry, folder{path: "/srv/registry/docker", node: "a"}, true},
		{registry, folder{path: "/srv", node: "a"}, true},
		{registry, folder{path: "/", node: "a"}, true},
		{registry, folder{path: "/srv/registry2", node: "a"}, false},
		{registry, folder{path: "/srv/reg", node: "a"}, false},
		{claimed, folder{path: "/srv/registry"}, true},
		{claimed, folder{path: "/srv/registry/docker"}, true},
		{claimed, folder{path: "/srv"}, false}, // what makes the folders of claims
		{claimed, folder{path: "/srv", claim: true}, true},
	} {
		if got := c.own.meets(c.other); got != c.want {
			t.Errorf("%+v and %+v: %v", c.own, c.other, got)
		}
	}
}

func TestFoldersOfPod(t *testing.T) {
	host := func(name, path string) corev1.Volume {
		return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}}}
	}
	claim := func(name string, readOnly bool) corev1.Volume {
		return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name, ReadOnly: readOnly}}}
	}
	p := &corev1.Pod{Spec: corev1.PodSpec{
		NodeName: "a", Volumes: []corev1.Volume{host("data", "/srv/"), host("clock", "/etc/localtime"), host("unused", "/x"), claim("c", false), claim("r", true), claim("unknown", false), {Name: "empty"}},
		InitContainers: []corev1.Container{{Name: "init", VolumeMounts: []corev1.VolumeMount{{Name: "c"}, {Name: "r"}, {Name: "unknown"}}}},
		Containers:     []corev1.Container{{Name: "registry", VolumeMounts: []corev1.VolumeMount{{Name: "data", SubPath: "registry"}, {Name: "clock", ReadOnly: true}, {Name: "empty"}}}},
	}}
	p.Namespace = "n"
	claims := map[string]string{"n/c": "/pv/c", "n/r": "/pv/r", "other/unknown": "/pv/u"}
	if got, want := fmt.Sprint(folders(p, "registry", claims)), "[{data /srv/registry a false}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := fmt.Sprint(folders(p, "", claims)), "[{data /srv/registry a false} {c /pv/c a true}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
