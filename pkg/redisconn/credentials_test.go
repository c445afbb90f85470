package redisconn

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

func secretObject(name string, data map[string]string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "prod"}, Data: map[string][]byte{}}
	for k, v := range data {
		s.Data[k] = []byte(v)
	}
	return s
}

func fromSecret(name, key string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}}
}

func volume(name string, source corev1.VolumeSource) []corev1.Volume {
	return []corev1.Volume{{Name: name, VolumeSource: source}}
}

func mount(name, path, subPath string) []corev1.VolumeMount {
	return []corev1.VolumeMount{{Name: name, MountPath: path, SubPath: subPath}}
}

var secretVolume = corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "redis"}}

// TestWherePodsHavePasswords goes through the ways of charts, operators and hand
// made manifests.
func TestWherePodsHavePasswords(t *testing.T) {
	const want = "s3cr3t"
	local := corev1.LocalObjectReference{Name: "redis"}
	projected := corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
		{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "conf"}}},
		{Secret: &corev1.SecretProjection{LocalObjectReference: local, Items: []corev1.KeyToPath{{Key: "redis-password", Path: "auth/pw"}}}}}}}
	for name, c := range map[string]struct {
		container corev1.Container
		volumes   []corev1.Volume
		source    string
	}{
		"env value":          {corev1.Container{Env: []corev1.EnvVar{{Name: "REDIS_PASSWORD", Value: want}}}, nil, "env REDIS_PASSWORD"},
		"env from a Secret":  {corev1.Container{Env: []corev1.EnvVar{{Name: "VALKEY_PASSWORD", ValueFrom: fromSecret("redis", "redis-password")}}}, nil, `Secret "redis" key "redis-password" (env VALKEY_PASSWORD)`},
		"Dragonfly":          {corev1.Container{Env: []corev1.EnvVar{{Name: "DFLY_requirepass", ValueFrom: fromSecret("redis", "redis-password")}}}, nil, "env DFLY_requirepass"},
		"envFrom a Secret":   {corev1.Container{EnvFrom: []corev1.EnvFromSource{{Prefix: "REDIS_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: local}}}}, nil, `Secret "redis" key "PASSWORD"`},
		"envFrom ConfigMap":  {corev1.Container{EnvFrom: []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "conf"}}}}}, nil, `ConfigMap "conf" key "REDIS_PASSWORD"`},
		"args, literal":      {corev1.Container{Args: []string{"--requirepass", want}}, nil, "argument --requirepass"},
		"args, $(VAR)":       {corev1.Container{Args: []string{"--requirepass", "$(PW)"}, Env: []corev1.EnvVar{{Name: "PW", ValueFrom: fromSecret("redis", "redis-password")}}}, nil, `Secret "redis" key "redis-password" (argument --requirepass)`},
		"args, VAR of a VAR": {corev1.Container{Args: []string{"--requirepass=$(A)"}, Env: []corev1.EnvVar{{Name: "B", Value: "s3c"}, {Name: "A", Value: "$(B)r3t"}}}, nil, "env A (argument --requirepass)"},
		"shell, ${VAR}":      {corev1.Container{Command: []string{"sh", "-c", `redis-server --requirepass "${PW}"`}, Env: []corev1.EnvVar{{Name: "PW", Value: want}}}, nil, "env PW"},
		"shell, $(cat)":      {corev1.Container{Command: []string{"sh", "-c", `redis-server --requirepass $(cat /s/nl)`}, VolumeMounts: mount("v", "/s", "")}, volume("v", secretVolume), `Secret "redis" key "nl"`},
		"Bitnami file":       {corev1.Container{Env: []corev1.EnvVar{{Name: "REDIS_PASSWORD_FILE", Value: "/opt/bitnami/redis/secrets/redis-password"}}, VolumeMounts: mount("v", "/opt/bitnami/redis/secrets/", "")}, volume("v", secretVolume), `Secret "redis" key "redis-password" (env REDIS_PASSWORD_FILE)`},
		"file, projected":    {corev1.Container{Env: []corev1.EnvVar{{Name: "REDIS_PASSWORD_FILE", Value: "/s/auth/pw"}}, VolumeMounts: mount("v", "/s", "")}, volume("v", projected), `Secret "redis" key "redis-password"`},
		"file, subPath":      {corev1.Container{Env: []corev1.EnvVar{{Name: "REDIS_PASSWORD_FILE", Value: "/pw"}}, VolumeMounts: mount("v", "/pw", "redis-password")}, volume("v", secretVolume), `Secret "redis" key "redis-password"`},
		"redis.conf":         {corev1.Container{Command: []string{"redis-server", "/etc/redis/redis.conf"}, VolumeMounts: mount("v", "/etc/redis", "")}, volume("v", corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "conf"}}}), `ConfigMap "conf" key "redis.conf"`},
		"newline at the end": {corev1.Container{Env: []corev1.EnvVar{{Name: "REDISCLI_AUTH", ValueFrom: fromSecret("redis", "nl")}}}, nil, `Secret "redis" key "nl"`},
		"later entry wins":   {corev1.Container{Env: []corev1.EnvVar{{Name: "REDIS_PASSWORD", Value: "old"}, {Name: "REDIS_PASSWORD", Value: want}}}, nil, "env REDIS_PASSWORD"},
	} {
		client := fake.NewClientset(
			secretObject("redis", map[string]string{"redis-password": want, "nl": want + "\n", "PASSWORD": want}),
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "conf", Namespace: "prod"}, Data: map[string]string{"REDIS_PASSWORD": want, "redis.conf": "port 6379\n# requirepass no\nrequirepass \"" + want + "\"\n"}})
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "r-0", Namespace: "prod"}, Spec: corev1.PodSpec{Containers: []corev1.Container{c.container}, Volumes: c.volumes}}
		got, err := podCredentials(context.Background(), client, pod, &pod.Spec.Containers[0], "")
		if err != nil || len(got) != 1 || got[0].Password != want || !strings.Contains(got[0].Source, c.source) {
			t.Errorf("%s: found %d passwords, source %v, error %v; want one from %s", name, len(got), got, err, c.source)
		}
	}
}

func TestNoPasswordWhereThereIsNone(t *testing.T) {
	for name, c := range map[string]corev1.Container{
		"nothing":             {},
		"circle":              {Env: []corev1.EnvVar{{Name: "PW", Value: "$(PW)"}}, Command: []string{"sh", "-c", "redis-server --port $PW"}},
		"missing Secret":      {Env: []corev1.EnvVar{{Name: "REDIS_PASSWORD", ValueFrom: fromSecret("absent", "x")}}},
		"file not from there": {Env: []corev1.EnvVar{{Name: "REDIS_PASSWORD_FILE", Value: "/elsewhere/pw"}}},
		"empty":               {Env: []corev1.EnvVar{{Name: "REDIS_PASSWORD", Value: ""}}},
	} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "r-0", Namespace: "prod"}, Spec: corev1.PodSpec{Containers: []corev1.Container{c}}}
		got, err := podCredentials(context.Background(), fake.NewClientset(), pod, &pod.Spec.Containers[0], "")
		if err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestPlainArgumentIsNotShell: without a shell, $word is part of the password.
func TestPlainArgumentIsNotShell(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Args: []string{"--requirepass", "pa$PATH"}, Env: []corev1.EnvVar{{Name: "PATH", Value: "x"}}}}}}
	got, err := podCredentials(context.Background(), fake.NewClientset(), pod, &pod.Spec.Containers[0], "alice")
	if err != nil || len(got) != 1 || got[0].Password != "pa$PATH" || got[0].Username != "alice" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestForbiddenSecretIsReportedOnce(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("get", "secrets", func(ktesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "redis", nil)
	})
	pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{EnvFrom: []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "redis"}}}}}}}}
	got, err := podCredentials(context.Background(), client, pod, &pod.Spec.Containers[0], "")
	if len(got) != 0 || !apierrors.IsForbidden(err) || strings.Count(err.Error(), "forbidden") != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if n := len(client.Actions()); n != 1 {
		t.Errorf("%d requests for one Secret", n)
	}
}

func TestCredentialNeverPrintsItsPassword(t *testing.T) {
	c := Credential{Username: "u", Password: "s3cr3t", Source: "env X"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, arg := range []any{c, &c, []Credential{c}, struct{ C Credential }{c}} {
			if text := fmt.Sprintf(verb, arg); strings.Contains(text, "s3cr3t") {
				t.Errorf("%s of %T prints the password", verb, arg)
			}
		}
	}
}

func TestCandidates(t *testing.T) {
	pod := func(name string, phase corev1.PodPhase, labels map[string]string, cs ...corev1.Container) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: corev1.PodSpec{Containers: cs}, Status: corev1.PodStatus{Phase: phase}}
	}
	port := func(name string, n int32) []corev1.ContainerPort {
		return []corev1.ContainerPort{{Name: name, ContainerPort: n}}
	}
	pods := []corev1.Pod{
		pod("image", corev1.PodRunning, nil, corev1.Container{Name: "a", Image: "reg.example:5000/bitnami/valkey:8@sha256:00"}),
		pod("port", corev1.PodRunning, nil, corev1.Container{Name: "a", Image: "corp/cache", Ports: port("", 6379)}),
		pod("port-name", corev1.PodRunning, nil, corev1.Container{Name: "a", Image: "corp/cache", Ports: port("tcp-redis", 7777)}),
		pod("command", corev1.PodRunning, nil, corev1.Container{Name: "a", Image: "corp/cache", Command: []string{"/usr/bin/redis-server", "--port", "7000"}}),
		pod("label", corev1.PodRunning, map[string]string{"app": "redis-cache"}, corev1.Container{Name: "a", Image: "corp/cache", Ports: port("", 7001)}),
		pod("env-port", corev1.PodRunning, nil, corev1.Container{Name: "redis", Image: "x", Env: []corev1.EnvVar{{Name: "REDIS_PORT_NUMBER", Value: "7002"}}}),
		pod("web", corev1.PodRunning, map[string]string{"app": "web"}, corev1.Container{Name: "web", Image: "nginx", Env: []corev1.EnvVar{{Name: "REDIS_HOST", Value: "r"}}}),
		pod("with-exporter", corev1.PodRunning, nil, corev1.Container{Name: "redis", Image: "redis:7"}, corev1.Container{Name: "metrics", Image: "oliver006/redis_exporter", Ports: port("metrics", 9121)}),
		pod("pending", corev1.PodPending, nil, corev1.Container{Name: "redis", Image: "redis"}),
	}
	found, skipped := Candidates(pods)
	var got []string
	for _, c := range found {
		got = append(got, fmt.Sprintf("%s/%s %v", c.Pod.Name, c.Container.Name, c.Ports))
	}
	want := []string{"image/a [6379]", "port/a [6379]", "port-name/a [7777]", "command/a [7000]", "label/a [7001]", "env-port/redis [7002]", "with-exporter/redis [6379]", "with-exporter/metrics [9121]"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if len(skipped) != 1 || skipped[0] != (Skipped{Pod: "pending", Reason: "is pending"}) {
		t.Errorf("skipped: %v", skipped)
	}
}

// TestPasswordsThatLookLikeScripts: only a shell takes quotes off and expands
// $NAME, and not everywhere; the kubelet expands $(NAME) everywhere.
func TestPasswordsThatLookLikeScripts(t *testing.T) {
	env := []corev1.EnvVar{{Name: "word", Value: "x"}, {Name: "PW", Value: "secret"}}
	for want, command := range map[string][]string{
		"pa ss":    {"redis-server", "--requirepass", "pa ss"},
		`it's "ok`: {"redis-server", "--requirepass", `it's "ok`},
		"in one":   {"redis-server", `--requirepass "in one"`},
		"pa$word":  {"sh", "-c", "redis-server --requirepass 'pa$word'"},
		"px":       {"sh", "-ec", `exec redis-server --requirepass "p$word"`},
		"q$word":   {"bash", "-c", `redis-server --requirepass "q\$word"`},
		`b\d`:      {"bash", "-c", `redis-server --requirepass "b\d"`},
		"secret":   {"/bin/sh", "-c", "redis-server --requirepass '$(PW)'"},
		"$(PW)":    {"redis-server", "--requirepass", "$$(PW)"},
		"a$b":      {"redis-server", "--requirepass", "a$$b"},
		"$(word)":  {"sh", "-c", "redis-server --requirepass '$$(word)'"},
		"c x":      {"sh", "-c", "redis-server --requirepass 'c '$$word"},
	} {
		pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Command: command, Env: env}}}}
		got, err := podCredentials(context.Background(), fake.NewClientset(), pod, &pod.Spec.Containers[0], "")
		if err != nil || len(got) != 1 || got[0].Password != want {
			t.Errorf("%q: %d found, %v, want %q", command, len(got), err, want)
			for _, c := range got {
				t.Logf("got %q", c.Password)
			}
		}
	}
}
