package locate

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// errNotRead is why a Secret has no content here.
var errNotRead = errors.New("not read")

// configuration finds the server's configuration file: the mounted one, or that of
// distribution's own images. Missed says why it is not known.
func (s *search) configuration(ctx context.Context, w *workload, c *corev1.Container) (doc document, source, missed string) {
	paths := ConfigPaths
	named := configPath(c)
	if named != "" {
		paths = []string{named}
	}
	for _, file := range paths {
		for _, m := range c.VolumeMounts {
			key, ok := within(file, m)
			if !ok {
				continue
			}
			text, source, err := s.mounted(ctx, w, m, key)
			if err == nil {
				doc, err = parseConfig([]byte(text))
			}
			if err != nil {
				return document{}, "", fmt.Sprintf("configuration file %s from %s (%s)", file, source, why(err))
			}
			return doc, source, ""
		}
	}
	usual := slices.Contains(ConfigPaths, named) || named == "" && len(c.Command)+len(c.Args) == 0
	if splitImage(c.Image).distribution() && usual {
		return ofImage(), "", ""
	}
	return document{}, "", "configuration file of the image"
}

// within says whether file is below a mount, and under which key of its source.
func within(file string, m corev1.VolumeMount) (key string, ok bool) {
	if file == path.Clean(m.MountPath) {
		return m.SubPath, m.SubPath != ""
	}
	rest, ok := strings.CutPrefix(file, strings.TrimSuffix(path.Clean(m.MountPath), "/")+"/")
	return path.Join(m.SubPath, rest), ok && isConfigMount(m)
}

// isConfigMount leaves out the root of all files, which holds the image's own.
func isConfigMount(m corev1.VolumeMount) bool { return path.Clean(m.MountPath) != "/" }

// mounted reads a key of the ConfigMap or Secret behind a mount.
func (s *search) mounted(ctx context.Context, w *workload, m corev1.VolumeMount, key string) (text, source string, err error) {
	i := slices.IndexFunc(w.spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
	if i < 0 {
		return "", "volume " + m.Name, errNotRead
	}
	v := w.spec.Volumes[i]
	var sources []corev1.VolumeProjection
	switch {
	case v.ConfigMap != nil:
		sources = []corev1.VolumeProjection{{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: v.ConfigMap.LocalObjectReference, Items: v.ConfigMap.Items}}}
	case v.Secret != nil:
		sources = []corev1.VolumeProjection{{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: v.Secret.SecretName}, Items: v.Secret.Items}}}
	case v.Projected != nil:
		sources = v.Projected.Sources
	}
	source, err = "volume "+m.Name, errNotRead
	for _, p := range sources {
		var data map[string]string
		var items []corev1.KeyToPath
		switch {
		case p.ConfigMap != nil:
			source, items = "configmap "+p.ConfigMap.Name, p.ConfigMap.Items
			data, err = s.configMap(ctx, w.namespace, p.ConfigMap.Name)
		case p.Secret != nil:
			source, items = "secret "+p.Secret.Name, p.Secret.Items
			data, err = s.secret(ctx, w.namespace, p.Secret.Name)
		default:
			continue
		}
		if err != nil {
			continue
		}
		if text, ok := data[keyFor(items, key)]; ok {
			return text, source, nil
		}
		err = fmt.Errorf("it has no key %q", key)
	}
	return "", source, err
}

// keyFor is the key that is mounted as file.
func keyFor(items []corev1.KeyToPath, file string) string {
	for _, i := range items {
		if i.Path == file {
			return i.Key
		}
	}
	return file
}
