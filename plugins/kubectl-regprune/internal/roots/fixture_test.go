package roots

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// digest is one that is easily told from others.
func digest(n int) string { return fmt.Sprintf("sha256:%064x", n) }

// holding is a registry with these references, each REPOSITORY:TAG or
// REPOSITORY@DIGEST. All manifests are known.
func holding(references ...string) *graph.Registry {
	g := &graph.Registry{Manifests: map[string]*graph.Manifest{}}
	for i, ref := range references {
		name, d, tagged := ref, digest(1000+i), true
		if repository, own, ok := strings.Cut(ref, "@"); ok {
			name, d, tagged = repository, own, false
		}
		name, tag, _ := strings.Cut(name, ":")
		r := g.Repository(name)
		if r == nil {
			r = &graph.Repository{Name: name, Complete: true}
			g.Repositories = append(g.Repositories, r)
		}
		if tagged {
			r.Tags = append(r.Tags, graph.Tag{Name: tag, Digest: d})
		}
		r.Linked = append(r.Linked, d)
		g.Manifests[d] = &graph.Manifest{Digest: d}
	}
	return g
}

func meta(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "prod", Name: name} }

func owned(name, kind string) metav1.ObjectMeta {
	m := meta(name)
	m.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: "owner"}}
	return m
}

func podTemplate(image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}}}
}

func ptr[T any](v T) *T { return &v }

func custom(apiVersion, kind, name string, fields map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: fields}
	u.SetGroupVersionKind(schema.FromAPIVersionAndKind(apiVersion, kind))
	u.SetNamespace("prod")
	u.SetName(name)
	return u
}

func containers(name, image string) []any {
	return []any{map[string]any{"name": name, "image": image}}
}

// packed is a release as Helm encodes it.
func packed(t testing.TB, manifest string, hooks ...string) string {
	t.Helper()
	r := map[string]any{"name": "web", "version": 3, "manifest": manifest, "chart": map[string]any{"values": map[string]any{"a": 1}}}
	var list []any
	for _, h := range hooks {
		list = append(list, map[string]any{"name": "hook", "manifest": h})
	}
	r["hooks"] = list
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func helmSecret(name, release string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: meta(name), Type: helmType, Data: map[string][]byte{"release": []byte(release)}}
	s.Labels = map[string]string{"owner": "helm"}
	return s
}

// place is one at which the fixture names an image.
type place struct {
	what    string
	needs   string // REPOSITORY:TAG, or a digest
	kind    string
	field   string
	why     string
	objects []runtime.Object
}

const host = "localhost:32000/"

// places are all that a cluster can name an image at.
func places(t testing.TB) []place {
	return append(append(podPlaces(), workloadPlaces()...), append(otherPlaces(t), aliasPlaces()...)...)
}

func podWith(name string, change func(p *corev1.Pod)) []runtime.Object {
	p := kubetest.Pod("prod", name, "other")
	change(p)
	return []runtime.Object{p}
}

func podPlaces() []place {
	status := func(name, image, id string) func(p *corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: name, Image: image, ImageID: id}}
		}
	}
	return []place{
		{"container", "pod:container", "Pod", "spec.containers[app].image", InUse, podWith("p1", func(p *corev1.Pod) {
			p.Spec.Containers = podTemplate(host + "pod:container").Spec.Containers
		})},
		{"init container", "pod:init", "Pod", "spec.initContainers[setup].image", InUse, podWith("p2", func(p *corev1.Pod) {
			p.Spec.InitContainers = []corev1.Container{{Name: "setup", Image: host + "pod:init"}}
		})},
		{"ephemeral container", "pod:ephemeral", "Pod", "spec.ephemeralContainers[debug].image", InUse, podWith("p3", func(p *corev1.Pod) {
			p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
				Name: "debug", Image: host + "pod:ephemeral"}}}
		})},
		{"image volume", "pod:volume", "Pod", "spec.volumes[model].image.reference", InUse, podWith("p4", func(p *corev1.Pod) {
			p.Spec.Volumes = []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{
				Image: &corev1.ImageVolumeSource{Reference: host + "pod:volume"}}}}
		})},
		{"mirror pod", "pod:static", "Pod", "spec.containers[app].image", InUse, podWith("proxy-node-1", func(p *corev1.Pod) {
			p.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "hash"}
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "node-1"}}
			p.Spec.Containers = podTemplate(host + "pod:static").Spec.Containers
		})},
		{"finished pod", "pod:finished", "Pod", "spec.containers[app].image", InUse, podWith("p5", func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodSucceeded
			p.Spec.Containers = podTemplate(host + "pod:finished").Spec.Containers
		})},
		{"status image", "pod:status", "Pod", "status.containerStatuses[app].image", InUse,
			podWith("p6", status("app", host+"pod:status", ""))},
		{"imageID of an index", digest(1), "Pod", "status.containerStatuses[app].imageID", InUse,
			podWith("p7", status("app", "x", "docker-pullable://"+host+"pod@"+digest(1)))},
		{"imageID of a child: itself", digest(3), "Pod", "status.containerStatuses[app].imageID", InUse,
			podWith("p8", status("app", "x", host+"pod@"+digest(3)))},
		{"imageID of a child: its index, two levels up", digest(2), "Pod", "status.containerStatuses[app].imageID", InUse, nil},
		{"imageID of a config", digest(4), "Pod", "status.initContainerStatuses[app].imageID", InUse, podWith("p9", func(p *corev1.Pod) {
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "app", ImageID: "docker://" + digest(5)}}
		})},
		{"bare imageID", digest(6), "Pod", "status.ephemeralContainerStatuses[app].imageID", InUse, podWith("p10", func(p *corev1.Pod) {
			p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{{Name: "app", ImageID: strings.TrimPrefix(digest(6), "sha256:")}}
		})},
		{"status of an image volume", digest(7), "Pod", "status.containerStatuses[app].volumeMounts[model].volumeStatus.image.imageRef", InUse,
			podWith("p11", func(p *corev1.Pod) {
				p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", VolumeMounts: []corev1.VolumeMountStatus{{
					Name: "model", VolumeStatus: &corev1.VolumeStatus{Image: &corev1.ImageVolumeStatus{ImageRef: digest(7)}}}}}}
			})},
		{"imageID under a foreign name", digest(8), "Pod", "status.containerStatuses[app].imageID", InUse,
			podWith("p12", status("app", "x", "foreign.test/pod@"+digest(8)))},
	}
}

func workloadPlaces() []place {
	const spec = "spec.template.spec.containers[app].image"
	revision := func(name, kind, image string) runtime.Object {
		data := fmt.Sprintf(`{"spec":{"template":{"$patch":"replace","spec":{"containers":[{"name":"app","image":%q}]}}}}`, image)
		return &appsv1.ControllerRevision{ObjectMeta: owned(name, kind), Data: runtime.RawExtension{Raw: []byte(data)}, Revision: 1}
	}
	one := func(o runtime.Object) []runtime.Object { return []runtime.Object{o} }
	return []place{
		{"Deployment", "work:deploy", "Deployment", spec, InUse,
			one(&appsv1.Deployment{ObjectMeta: meta("d"), Spec: appsv1.DeploymentSpec{Template: podTemplate(host + "work:deploy")}})},
		{"ReplicaSet of now", "work:rs-now", "ReplicaSet", spec, InUse, one(&appsv1.ReplicaSet{ObjectMeta: owned("d-2", "Deployment"),
			Spec: appsv1.ReplicaSetSpec{Replicas: ptr(int32(2)), Template: podTemplate(host + "work:rs-now")}})},
		{"ReplicaSet of a revision", "work:rs-old", "ReplicaSet", spec, Rollback, one(&appsv1.ReplicaSet{ObjectMeta: owned("d-1", "Deployment"),
			Spec: appsv1.ReplicaSetSpec{Replicas: ptr(int32(0)), Template: podTemplate(host + "work:rs-old")}})},
		{"StatefulSet", "work:sts", "StatefulSet", spec, InUse,
			one(&appsv1.StatefulSet{ObjectMeta: meta("s"), Spec: appsv1.StatefulSetSpec{Template: podTemplate(host + "work:sts")}})},
		{"ControllerRevision of a StatefulSet", "work:sts-old", "ControllerRevision", "data." + spec, Rollback,
			one(revision("s-1", "StatefulSet", host+"work:sts-old"))},
		{"DaemonSet", "work:ds", "DaemonSet", spec, InUse,
			one(&appsv1.DaemonSet{ObjectMeta: meta("n"), Spec: appsv1.DaemonSetSpec{Template: podTemplate(host + "work:ds")}})},
		{"ControllerRevision of a DaemonSet", "work:ds-old", "ControllerRevision", "data." + spec, Rollback,
			one(revision("n-1", "DaemonSet", host+"work:ds-old"))},
		{"ReplicationController", "work:rc", "ReplicationController", spec, InUse, one(&corev1.ReplicationController{ObjectMeta: meta("rc"),
			Spec: corev1.ReplicationControllerSpec{Replicas: ptr(int32(0)), Template: ptr(podTemplate(host + "work:rc"))}})},
		{"Job", "work:job", "Job", spec, InUse,
			one(&batchv1.Job{ObjectMeta: meta("j"), Spec: batchv1.JobSpec{Template: podTemplate(host + "work:job")}})},
		{"CronJob", "work:cron", "CronJob", "spec.jobTemplate." + spec, InUse, one(&batchv1.CronJob{ObjectMeta: meta("c"),
			Spec: batchv1.CronJobSpec{JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: podTemplate(host + "work:cron")}}}})},
		{"PodTemplate", "work:podtemplate", "PodTemplate", "template.spec.containers[app].image", InUse,
			one(&corev1.PodTemplate{ObjectMeta: meta("t"), Template: podTemplate(host + "work:podtemplate")})},
	}
}

func otherPlaces(t testing.TB) []place {
	const doc = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: app, image: %q}]}}}\n"
	const hook = "kind: Job\nmetadata: {name: migrate}\nspec: {template: {spec: {initContainers: [{name: wait, image: %q}]}}}\n"
	release := packed(t, "---\n# Source: web\n"+fmt.Sprintf(doc, host+"helm:secret")+"---\nkind: ConfigMap\nmetadata: {name: x}\n",
		fmt.Sprintf(hook, host+"helm:hook"))
	driver := &corev1.ConfigMap{ObjectMeta: meta("web.v1"), Data: map[string]string{
		"release": packed(t, fmt.Sprintf(doc, host+"helm:configmap"))}}
	driver.Labels = map[string]string{"owner": "helm"}
	spec := func(image string) map[string]any { return map[string]any{"containers": containers("app", image)} }
	operator := &appsv1.Deployment{ObjectMeta: meta("operator"), Spec: appsv1.DeploymentSpec{Template: podTemplate("foreign.test/operator:1")}}
	operator.Spec.Template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "RELATED_IMAGE_DB", Value: host + "deep:env"}}
	config := &corev1.ConfigMap{ObjectMeta: meta("sidecars"), Data: map[string]string{
		"template.yaml": "spec:\n  containers:\n  - image: '" + host + "deep:configmap'\n"}}
	noted := &corev1.Service{ObjectMeta: meta("noted")}
	noted.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": `{"x":"a\n` + host + `deep:annotation\n"}`}
	one := func(o runtime.Object) []runtime.Object { return []runtime.Object{o} }
	return []place{
		{"Helm Secret", "helm:secret", "Secret", "manifest[Deployment/web].spec.template.spec.containers[app].image", HelmHistory,
			one(helmSecret("sh.helm.release.v1.web.v3", release))},
		{"Helm hook", "helm:hook", "Secret", "hooks[Job/migrate].spec.template.spec.initContainers[wait].image", HelmHistory, nil},
		{"Helm ConfigMap", "helm:configmap", "ConfigMap", "manifest[Deployment/web].spec.template.spec.containers[app].image", HelmHistory, one(driver)},
		{"custom resource", "custom:plain", "Rollout", "spec.template.spec.containers[app].image", InUse,
			one(custom("argoproj.test/v1", "Rollout", "r", map[string]any{"spec": map[string]any{"template": map[string]any{"spec": spec(host + "custom:plain")}}}))},
		{"custom resource, nested in lists", "custom:nested", "Fleet", "spec.pools[0][eu].pod.initContainers[setup].image", InUse,
			one(custom("example.test/v1beta1", "Fleet", "f", map[string]any{"spec": map[string]any{"pools": []any{[]any{map[string]any{
				"name": "eu", "pod": map[string]any{"initContainers": containers("setup", host+"custom:nested")}}}}}}))},
		{"custom resource, image volume", "custom:volume", "Fleet", "spec.volumes[model].image.reference", InUse,
			one(custom("example.test/v1beta1", "Fleet", "v", map[string]any{"spec": map[string]any{"volumes": []any{map[string]any{
				"name": "model", "image": map[string]any{"reference": host + "custom:volume"}}}}}))},
		{"disk of a virtual machine that is stopped", "custom:disk", "VirtualMachine", "spec.template.spec.volumes[root].containerDisk.image", InUse,
			one(custom("kubevirt.test/v1", "VirtualMachine", "vm", map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"volumes": []any{map[string]any{
				"name": "root", "containerDisk": map[string]any{"image": host + "custom:disk"}}}}}}}))},
		{"step of a workflow with a tag to be filled in", "custom:template", "Task", "spec.steps[build].image", InUse,
			one(custom("tekton.test/v1", "Task", "t", map[string]any{"spec": map[string]any{"steps": containers("build", host+"custom:$(params.version)")}}))},
		{"environment", "deep:env", "Deployment", "spec.template.spec.containers[app].env[RELATED_IMAGE_DB].value", Mentioned, one(operator)},
		{"ConfigMap", "deep:configmap", "ConfigMap", "data[template.yaml]", Mentioned, one(config)},
		{"annotation", "deep:annotation", "Service", "metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]", Mentioned, one(noted)},
		{"values in fields of their own", "deep:split", "Database", "spec.image", Mentioned,
			one(custom("example.test/v1beta1", "Database", "db", map[string]any{"spec": map[string]any{"image": map[string]any{
				"registry": "localhost:32000", "repository": "deep", "tag": "split"}}}))},
		{"string of a custom resource", "deep:string", "Database", "spec.imageName", Mentioned,
			one(custom("example.test/v1beta1", "Database", "db2", map[string]any{"spec": map[string]any{"imageName": host + "deep:string"}}))},
	}
}

func aliasPlaces() []place {
	var list []place
	for i, a := range []struct{ what, image, needs string }{
		{"alias: node port", "localhost:32000/a/b:nodeport", "a/b:nodeport"},
		{"alias: ingress", "registry.example.com/a/b:ingress", "a/b:ingress"},
		{"alias: Service", "registry.container-registry.svc.cluster.local:5000/a/b:service", "a/b:service"},
		{"alias: IP", "10.152.183.7:5000/a/b:ip", "a/b:ip"},
		{"alias: below a path", "example.com/registry/a/b:prefix", "a/b:prefix"},
		{"alias: upper case", "Registry.Example.COM/a/b:upper", "a/b:upper"},
		{"tag of tag@digest", host + "a/b:both@" + digest(9), "a/b:both"},
		{"digest of tag@digest", "", digest(9)},
		{"no tag", host + "a/c", "a/c:latest"},
		{"short name, as the mirror of Docker Hub has it", "nginx:1", "library/nginx:1"},
		{"short name", "", "nginx:1"},
		{"mirror below the host's name", "quay.io/org/tool:2", "quay.io/org/tool:2"},
		{"another path of a mirror", "", "org/tool:2"},
	} {
		p := place{what: a.what, needs: a.needs, kind: "Pod", field: "spec.containers[app].image", why: InUse}
		if a.image != "" {
			p.objects = podWith(fmt.Sprintf("alias-%02d", i), func(p *corev1.Pod) {
				p.Spec.Containers = podTemplate(a.image).Spec.Containers
			})
		}
		list = append(list, p)
	}
	return list
}

// fixtureRegistry has what the places need, and something that none needs.
func fixtureRegistry(list []place) *graph.Registry {
	var references []string
	for _, p := range list {
		if strings.HasPrefix(p.needs, "sha256:") {
			references = append(references, "pod@"+p.needs)
		} else {
			references = append(references, p.needs)
		}
	}
	g := holding(append(references, "pod:unused", "a/b:unused", "pod@"+digest(99))...)
	// 2 is an index of an index of 3, and 4 has the config 5.
	g.Manifests[digest(2)].Children = []string{digest(20)}
	g.Manifests[digest(20)] = &graph.Manifest{Digest: digest(20), Children: []string{digest(3)}}
	g.Manifests[digest(4)].Config = &graph.Blob{Digest: digest(5)}
	return g
}

var fixtureHosts = Hosts{Aliases: []string{"localhost:32000", "https://Example.com/registry/"}, Foreign: []string{"foreign.test"}}
