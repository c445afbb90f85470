package redisconn

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// Client is what this package needs of a Kubernetes client: reading Secrets and
// ConfigMaps by name. Both kubernetes.Interface and kube.Client are one.
type Client interface {
	CoreV1() corev1client.CoreV1Interface
}

// environment answers what a container sees: variables and mounted files. It
// reads only the Secrets and ConfigMaps that are needed for an answer, by name,
// and each once.
type environment struct {
	client    Client
	pod       *corev1.Pod
	container *corev1.Container

	objects map[string]object
}

// object is the content of a Secret or ConfigMap.
type object struct {
	data map[string]string
	err  error
}

// value is a text and where it was found.
type value struct{ text, source string }

func newEnvironment(client Client, pod *corev1.Pod, c *corev1.Container) *environment {
	return &environment{client: client, pod: pod, container: c, objects: map[string]object{}}
}

const (
	secret    = "Secret"
	configMap = "ConfigMap"
)

// read returns the content of a Secret or ConfigMap; one that does not exist is
// empty.
func (e *environment) read(ctx context.Context, kind, name string) (map[string]string, error) {
	id := kind + "/" + name
	o, known := e.objects[id]
	if !known {
		o.data, o.err = e.get(ctx, kind, name)
		if apierrors.IsNotFound(o.err) {
			o.err = nil
		}
		if o.err != nil {
			o.err = fmt.Errorf("reading %s %q for the password: %w", kind, name, o.err)
		}
		e.objects[id] = o
	}
	return o.data, o.err
}

func (e *environment) get(ctx context.Context, kind, name string) (map[string]string, error) {
	data := map[string]string{}
	if kind == secret {
		s, err := e.client.CoreV1().Secrets(e.pod.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		for k, v := range s.Data {
			data[k] = string(v)
		}
		return data, nil
	}
	m, err := e.client.CoreV1().ConfigMaps(e.pod.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	for k, v := range m.BinaryData {
		data[k] = string(v)
	}
	for k, v := range m.Data {
		data[k] = v
	}
	return data, nil
}

func (e *environment) key(ctx context.Context, kind, name, key string) (*value, error) {
	data, err := e.read(ctx, kind, name)
	text, ok := data[key]
	if err != nil || !ok {
		return nil, err
	}
	return &value{text, fmt.Sprintf("%s %q key %q", kind, name, key)}, nil
}

// variable returns an environment variable, nil if the container has none of
// that name. Like the kubelet it lets later entries win, and env over envFrom.
func (e *environment) variable(ctx context.Context, name string) (*value, error) {
	return e.variableAt(ctx, name, 0)
}

// maxExpansions bounds variables that refer to each other in a circle.
const maxExpansions = 8

func (e *environment) variableAt(ctx context.Context, name string, depth int) (*value, error) {
	for i := len(e.container.Env) - 1; i >= 0; i-- {
		v := &e.container.Env[i]
		if v.Name != name {
			continue
		}
		switch from := v.ValueFrom; {
		case from == nil:
			return e.expand(ctx, word{text: v.Value}, "env "+name, depth+1)
		case from.SecretKeyRef != nil:
			return e.key(ctx, secret, from.SecretKeyRef.Name, from.SecretKeyRef.Key)
		case from.ConfigMapKeyRef != nil:
			return e.key(ctx, configMap, from.ConfigMapKeyRef.Name, from.ConfigMapKeyRef.Key)
		}
		return nil, nil // fields and resources hold no password
	}
	for i := len(e.container.EnvFrom) - 1; i >= 0; i-- {
		from := &e.container.EnvFrom[i]
		key, ok := strings.CutPrefix(name, from.Prefix)
		if !ok {
			continue
		}
		kind, object := secret, ""
		switch {
		case from.SecretRef != nil:
			object = from.SecretRef.Name
		case from.ConfigMapRef != nil:
			kind, object = configMap, from.ConfigMapRef.Name
		default:
			continue
		}
		if v, err := e.key(ctx, kind, object, key); v != nil || err != nil {
			return v, err
		}
	}
	return nil, nil
}

// expand replaces the references in w. If w is nothing but one reference, the
// value's source is the referred one; source otherwise.
func (e *environment) expand(ctx context.Context, w word, source string, depth int) (*value, error) {
	if !w.shell {
		w.text = strings.ReplaceAll(w.text, "$$", literalDollar) // the kubelet's escape
	}
	plain := func(s string) string { return strings.ReplaceAll(s, literalDollar, "$") }
	if depth > maxExpansions || !strings.Contains(w.text, "$") {
		return &value{plain(w.text), source}, nil
	}
	var failed error
	text := reference.ReplaceAllStringFunc(w.text, func(whole string) string {
		v, known, err := e.refer(ctx, whole, w.shell, depth)
		switch {
		case err != nil:
			failed = err
		case !known:
			return whole
		case v == nil && w.shell:
			return ""
		case v == nil:
			return whole
		default:
			if whole == w.text {
				source = v.source
			}
			return v.text
		}
		return ""
	})
	if failed != nil {
		return nil, failed
	}
	return &value{plain(text), source}, nil
}

// refer resolves one reference. Known is false if it is none in this place.
func (e *environment) refer(ctx context.Context, whole string, shell bool, depth int) (v *value, known bool, err error) {
	m := reference.FindStringSubmatch(whole)
	file, kube, name := m[1], m[2], m[3]+m[4]
	switch {
	case kube != "":
		v, err = e.variableAt(ctx, kube, depth)
		return v, true, err
	case !shell:
		return nil, false, nil
	case file != "":
		v, err = e.file(ctx, file)
		if v != nil {
			v.text = strings.TrimRight(v.text, "\r\n")
		}
		return v, true, err
	}
	v, err = e.variableAt(ctx, name, depth)
	return v, true, err
}
