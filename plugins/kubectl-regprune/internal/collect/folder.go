package collect

import (
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// folder is one of a node that a pod can write to.
type folder struct {
	volume string // the pod's name for it
	path   string
	node   string // "" if it is not known
	claim  bool   // it belongs to a claim, and was made for it
}

// meets reports whether what is written to one can be in the other. Who has the folder
// around a claim's is taken for what makes such folders, not for another registry.
func (f folder) meets(other folder) bool {
	if f.node != "" && other.node != "" && f.node != other.node {
		return false
	}
	return within(other.path, f.path) || within(f.path, other.path) && (!f.claim || other.claim)
}

func within(inner, outer string) bool {
	return strings.HasPrefix(strings.TrimSuffix(inner, "/")+"/", strings.TrimSuffix(outer, "/")+"/")
}

// folderOf is the folder of a node that a volume is, "" if it is none.
func folderOf(v *corev1.PersistentVolume) string {
	switch {
	case v == nil:
		return ""
	case v.Spec.HostPath != nil:
		return v.Spec.HostPath.Path
	case v.Spec.Local != nil:
		return v.Spec.Local.Path
	}
	return ""
}

// folders are those that a container of p can write to, or any if container is "".
// claims are the folders of NAMESPACE/NAME.
func folders(p *corev1.Pod, container string, claims map[string]string) (all []folder) {
	for _, v := range p.Spec.Volumes {
		f := folder{volume: v.Name, node: p.Spec.NodeName}
		switch {
		case v.HostPath != nil:
			f.path = v.HostPath.Path
		case v.PersistentVolumeClaim != nil && !v.PersistentVolumeClaim.ReadOnly:
			f.path, f.claim = claims[p.Namespace+"/"+v.PersistentVolumeClaim.ClaimName], true
		}
		if f.path == "" {
			continue
		}
		base := f.path
		for _, m := range mounts(p, container) {
			if f.path = path.Join(base, m.SubPath); m.Name == v.Name && !m.ReadOnly {
				all = append(all, f)
			}
		}
	}
	return all
}

func mounts(p *corev1.Pod, container string) (all []corev1.VolumeMount) {
	for _, c := range append(append([]corev1.Container{}, p.Spec.InitContainers...), p.Spec.Containers...) {
		if container == "" || c.Name == container {
			all = append(all, c.VolumeMounts...)
		}
	}
	for _, c := range p.Spec.EphemeralContainers {
		if container == "" {
			all = append(all, c.VolumeMounts...)
		}
	}
	return all
}
