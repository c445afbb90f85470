package redisconn

import (
	"context"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// file returns the content of a file that is mounted from a Secret or ConfigMap,
// nil if it is not.
func (e *environment) file(ctx context.Context, name string) (*value, error) {
	name = path.Clean(name)
	best := -1
	for i, m := range e.container.VolumeMounts {
		if under(name, m.MountPath) && (best < 0 || len(m.MountPath) > len(e.container.VolumeMounts[best].MountPath)) {
			best = i
		}
	}
	if best < 0 {
		return nil, nil
	}
	m := e.container.VolumeMounts[best]
	inVolume := path.Join(m.SubPath, strings.TrimPrefix(name, path.Clean(m.MountPath)))
	inVolume = strings.TrimPrefix(inVolume, "/")
	for _, v := range e.pod.Spec.Volumes {
		if v.Name == m.Name {
			return e.volumeFile(ctx, v, inVolume)
		}
	}
	return nil, nil
}

func under(name, dir string) bool {
	dir = path.Clean(dir)
	return name == dir || dir == "/" || strings.HasPrefix(name, dir+"/")
}

func (e *environment) volumeFile(ctx context.Context, v corev1.Volume, name string) (*value, error) {
	switch {
	case v.Secret != nil:
		return e.itemFile(ctx, secret, v.Secret.SecretName, v.Secret.Items, name)
	case v.ConfigMap != nil:
		return e.itemFile(ctx, configMap, v.ConfigMap.Name, v.ConfigMap.Items, name)
	case v.Projected != nil:
		for _, s := range v.Projected.Sources {
			var found *value
			var err error
			switch {
			case s.Secret != nil:
				found, err = e.itemFile(ctx, secret, s.Secret.Name, s.Secret.Items, name)
			case s.ConfigMap != nil:
				found, err = e.itemFile(ctx, configMap, s.ConfigMap.Name, s.ConfigMap.Items, name)
			}
			if found != nil || err != nil {
				return found, err
			}
		}
	}
	return nil, nil
}

// itemFile finds the key that a volume shows under name: the one that the items
// map there, or the one of that name if there are no items.
func (e *environment) itemFile(ctx context.Context, kind, object string, items []corev1.KeyToPath, name string) (*value, error) {
	for _, it := range items {
		if path.Clean(it.Path) == name {
			return e.key(ctx, kind, object, it.Key)
		}
	}
	if len(items) > 0 {
		return nil, nil
	}
	return e.key(ctx, kind, object, name)
}
