package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// content is what the registries of the tests have:
//
//	shop/web    1 to 8, of which 8 is latest, too, and 2 is release-2, too; and one without a tag
//	shop/multi  1 to 3, each for two platforms, 3 in Docker's format; 1 and 3 are signed
//	team/tool   v1.0.0, v1.1.0, v2.0.0
type content struct {
	web, multi, tool []*registrytest.Content // from 1
	untagged         *registrytest.Content
}

func layer(text string, size int) []byte { return registrytest.Layer(text, size) }

func day(n int) time.Time { return time.Date(2025, 1, n, 0, 0, 0, 0, time.UTC) }

// fill pushes it, a good while ago.
func fill(t testing.TB, s *registrytest.Server) *content {
	t.Helper()
	base := layer("base", 4000)
	c := &content{web: []*registrytest.Content{nil}, multi: []*registrytest.Content{nil}, tool: []*registrytest.Content{nil}}
	image := func(name string, n int, platform string, docker bool) registrytest.Image {
		return registrytest.Image{Layers: [][]byte{base, layer(fmt.Sprint(name, n, platform), 1000)}, Created: day(n), Platform: platform, Docker: docker}
	}
	more := map[int]string{8: "latest", 2: "release-2"}
	for i := 1; i <= 8; i++ {
		tags := []string{fmt.Sprint(i)}
		if more[i] != "" {
			tags = append(tags, more[i])
		}
		c.web = append(c.web, s.Push("shop/web", image("web", i, "", i%2 == 0), tags...))
	}
	c.untagged = s.Push("shop/web", image("untagged", 9, "", false))
	for i := 1; i <= 3; i++ {
		docker := i == 3
		index := registrytest.Index{Docker: docker, Manifests: []registrytest.Builder{image("multi", i, "linux/amd64", docker), image("multi", i, "linux/arm64", docker)}}
		c.multi = append(c.multi, s.Push("shop/multi", index, fmt.Sprint(i)))
		if i != 2 {
			s.Push("shop/multi", registrytest.Signature(c.multi[i]), registrytest.AttachedTag(c.multi[i], "sig"))
		}
	}
	for i, tag := range []string{"v1.0.0", "v1.1.0", "v2.0.0"} {
		c.tool = append(c.tool, s.Push("team/tool", image("tool", i+1, "", false), tag))
	}
	past(t, s.Root)
	return c
}

// uses are workloads in the namespace shop: a Deployment of shop/web:7, which can be
// rolled back to 4; a CronJob of shop/multi:1; a pod of a digest, team/tool's v1.0.0; and
// one of an image of another registry with a name that is here, too.
func uses(c *content) []runtime.Object {
	controlled := func(kind, name string) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: name, Controller: new(true)}}
	}
	labels := map[string]string{"app": "web"}
	template := func(image string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: image}}}}
	}
	set := func(name, image string, replicas int32) runtime.Object {
		return &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, OwnerReferences: controlled("Deployment", "web")},
			Spec: appsv1.ReplicaSetSpec{Replicas: new(replicas), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(image)}}
	}
	const now, before = "localhost:32000/shop/web:7", "registry.images.svc:5000/shop/web:4"
	return []runtime.Object{
		namespaceOf("shop"),
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
			Spec: appsv1.DeploymentSpec{Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(now)}},
		set("web-1", before, 0), set("web-2", now, 1), consumer("shop", "web-2-x", now),
		&batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "nightly"}, Spec: batchv1.CronJobSpec{Schedule: "0 3 * * *",
			JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template("10.96.0.50:5000/shop/multi:1")}}}},
		consumer("shop", "tool", "registry.images.svc.cluster.local:5000/team/tool@"+c.tool[1].Digest),
		consumer("shop", "other", "quay.example/shop/web:1"),
	}
}

// pullSecret has the login for a host.
func pullSecret(namespace, host string) runtime.Object {
	text, err := json.Marshal(map[string]any{"auths": map[string]any{host: map[string]string{"username": registrytest.User, "password": registrytest.Password}}})
	if err != nil {
		panic(err)
	}
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "pull"}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: text}}
}

// lookalikes are namespaces with what is no registry to prune: harbor, cache, and none,
// which has nothing at all.
func lookalikes() []runtime.Object {
	deployment := func(namespace, name, image string, env ...corev1.EnvVar) []runtime.Object {
		labels := map[string]string{"app": name}
		spec := corev1.PodSpec{Containers: []corev1.Container{{Name: "registry", Image: image, Env: env, Ports: []corev1.ContainerPort{{ContainerPort: 5000}}}}}
		p := kubetest.Pod(namespace, name+"-abc12-0", "registry")
		p.Labels = map[string]string{"app": name, "pod-template-hash": "abc12"}
		p.Spec.Containers = spec.Containers
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: name + "-abc12", Controller: new(true)}}
		return []runtime.Object{namespaceOf(namespace), p,
			&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: appsv1.DeploymentSpec{
				Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec}}},
			&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 5000}}}},
		}
	}
	out := append(deployment("harbor", "harbor-registry", "goharbor/registry-photon:v2.12.0"),
		deployment("cache", "mirror", "registry:2", corev1.EnvVar{Name: "REGISTRY_PROXY_REMOTEURL", Value: "https://registry-1.docker.io"})...)
	for _, name := range []string{"one", "other"} {
		out = append(out, deployment("two", name, "registry:2.8.3")...)
	}
	return append(out, namespaceOf("none"))
}
