package locate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const prefix = "REGISTRY_"

// environment has the server's variables. A variable that comes from where nobody
// looked is in hidden, with where it comes from.
type environment struct {
	values map[string]string
	hidden map[string]string
	open   bool // there may be variables that nobody knows of
}

// serverVariables are the names in c's environment that only the server itself reads.
// Its clients have some of the others, such as REGISTRY_URL.
func serverVariables(c *corev1.Container) []string {
	var out []string
	for _, e := range c.Env {
		for _, own := range []string{"STORAGE", "HTTP_", "PROXY_REMOTEURL", "AUTH_HTPASSWD", "AUTH_TOKEN", "OPENSHIFT_"} {
			if strings.HasPrefix(e.Name, prefix+own) {
				out = append(out, e.Name)
				break
			}
		}
	}
	return out
}

// environmentOf reads a container's variables, those from ConfigMaps and, if the query
// allows, from Secrets. What it could not read is returned in words.
func (s *search) environmentOf(ctx context.Context, ns string, c *corev1.Container) (environment, []string) {
	env := environment{values: map[string]string{}, hidden: map[string]string{}}
	var missed []string
	for _, from := range c.EnvFrom {
		data, source, err := s.envFrom(ctx, ns, from)
		if err != nil {
			env.open, missed = true, append(missed, fmt.Sprintf("variables from %s (%s)", source, why(err)))
		}
		for name, value := range data {
			if name = from.Prefix + name; strings.HasPrefix(name, prefix) {
				env.values[name] = value
			}
		}
	}
	for _, e := range c.Env {
		if !strings.HasPrefix(e.Name, prefix) {
			continue
		}
		delete(env.values, e.Name)
		if e.ValueFrom == nil {
			env.values[e.Name] = e.Value
			continue
		}
		value, source, err := s.envValue(ctx, ns, e.ValueFrom)
		if err != nil {
			env.hidden[e.Name] = source
			continue
		}
		env.values[e.Name] = value
	}
	return env, missed
}

func (s *search) envFrom(ctx context.Context, ns string, from corev1.EnvFromSource) (map[string]string, string, error) {
	switch {
	case from.ConfigMapRef != nil:
		data, err := s.configMap(ctx, ns, from.ConfigMapRef.Name)
		return data, "configmap " + from.ConfigMapRef.Name, err
	case from.SecretRef != nil:
		data, err := s.secret(ctx, ns, from.SecretRef.Name)
		return data, "secret " + from.SecretRef.Name, err
	}
	return nil, "an unknown source", errNotRead
}

func (s *search) envValue(ctx context.Context, ns string, from *corev1.EnvVarSource) (string, string, error) {
	pick := func(data map[string]string, err error, key string) (string, error) {
		value, ok := data[key]
		if err == nil && !ok {
			err = fmt.Errorf("it has no key %q", key)
		}
		return value, err
	}
	switch {
	case from.ConfigMapKeyRef != nil:
		data, err := s.configMap(ctx, ns, from.ConfigMapKeyRef.Name)
		value, err := pick(data, err, from.ConfigMapKeyRef.Key)
		return value, "configmap " + from.ConfigMapKeyRef.Name, err
	case from.SecretKeyRef != nil:
		data, err := s.secret(ctx, ns, from.SecretKeyRef.Name)
		value, err := pick(data, err, from.SecretKeyRef.Key)
		return value, "secret " + from.SecretKeyRef.Name, err
	}
	return "", "the pod", errNotRead
}

func (s *search) configMap(ctx context.Context, ns, name string) (map[string]string, error) {
	m, err := s.client.CoreV1().ConfigMaps(ns).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

func (s *search) secret(ctx context.Context, ns, name string) (map[string]string, error) {
	if !s.q.Secrets {
		return nil, errNotRead
	}
	m, err := s.client.CoreV1().Secrets(ns).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for key, value := range m.Data {
		out[key] = string(value)
	}
	return out, nil
}

// harmless are the variables whose values may be shown. The list is of what is known
// to be no secret, as settings of storage drivers and notifications hold many.
var harmless = []string{
	"REGISTRY_STORAGE_DELETE_ENABLED", "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR",
	"REGISTRY_STORAGE_REDIRECT_DISABLE", "REGISTRY_STORAGE_MAINTENANCE", "REGISTRY_STORAGE_MAINTENANCE_READONLY",
	"REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED", "REGISTRY_STORAGE_TAG_CONCURRENCYLIMIT",
	"REGISTRY_STORAGE_S3_BUCKET", "REGISTRY_STORAGE_S3_REGION", "REGISTRY_STORAGE_S3_ROOTDIRECTORY", "REGISTRY_STORAGE_GCS_BUCKET",
	"REGISTRY_STORAGE_AZURE_CONTAINER", "REGISTRY_HTTP_ADDR", "REGISTRY_HTTP_TLS_CERTIFICATE", "REGISTRY_HTTP_RELATIVEURLS",
	"REGISTRY_PROXY_REMOTEURL", "REGISTRY_PROXY_TTL", "REGISTRY_LOG_LEVEL", "REGISTRY_AUTH", "REGISTRY_AUTH_HTPASSWD_REALM",
	"REGISTRY_AUTH_HTPASSWD_PATH", "REGISTRY_CONFIGURATION_PATH",
}

// shown are the variables as they may be printed, in the order of their names.
func (e environment) shown() []Variable {
	var out []Variable
	for name, value := range e.values {
		v := Variable{Name: name, Source: "not shown"}
		switch {
		case name == "REGISTRY_PROXY_REMOTEURL":
			v.Value, v.Source = withoutUser(value), ""
		case slices.Contains(harmless, name):
			v.Value, v.Source = value, ""
		}
		out = append(out, v)
	}
	for name, source := range e.hidden {
		out = append(out, Variable{Name: name, Source: source})
	}
	slices.SortFunc(out, func(a, b Variable) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// value is a variable as the server reads it.
func (e environment) value(name string) any {
	if _, ok := e.hidden[name]; ok {
		return unread{}
	}
	var value any
	if err := yaml.Unmarshal([]byte(e.values[name]), &value); err != nil {
		return e.values[name]
	}
	return value
}

// withoutUser removes the credentials from a URL, and all of it if it is none.
func withoutUser(text string) string {
	if text == notRead {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "an address that is no URL"
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

// names are all variables, hidden ones as well: those for whole maps first, so that
// those for their parts overrule them.
func (e environment) names() []string {
	all := append(slices.Collect(maps.Keys(e.values)), slices.Collect(maps.Keys(e.hidden))...)
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(a, "_"), strings.Count(b, "_")), cmp.Compare(a, b))
	})
	return all
}
