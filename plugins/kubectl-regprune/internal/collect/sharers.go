package collect

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// sharers are pods that have the same files and are not the workload's: by the same
// claims, which are in its namespace, or by a folder of a node, from anywhere.
func (k *kube) sharers(ctx context.Context, _ *Snapshot, near *Surroundings) error {
	o, err := k.get(ctx)
	if err != nil {
		return err
	}
	own, err := metav1.LabelSelectorAsSelector(o.selector)
	if err != nil {
		return err
	}
	list, err := k.client.CoreV1().Pods(k.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var mine, others []corev1.Pod
	claims := map[string]bool{}
	for name := range near.Claims {
		claims[name] = true
	}
	for _, p := range running(list.Items) {
		if !own.Matches(labels.Set(p.Labels)) {
			others = append(others, p)
			continue
		}
		mine = append(mine, p)
		for _, v := range p.Spec.Volumes { // a StatefulSet's claims have names of their own
			if v.PersistentVolumeClaim != nil {
				claims[v.PersistentVolumeClaim.ClaimName] = true
			}
		}
	}
	for _, p := range others {
		if slices.ContainsFunc(p.Spec.Volumes, func(v corev1.Volume) bool {
			return v.PersistentVolumeClaim != nil && claims[v.PersistentVolumeClaim.ClaimName]
		}) {
			near.Sharers = append(near.Sharers, p.Name)
		}
	}
	return k.neighbours(ctx, mine, others, near)
}

// neighbours are the sharers of folders. Without the right to list the pods of all
// namespaces, those of the others stay unseen.
func (k *kube) neighbours(ctx context.Context, mine, others []corev1.Pod, near *Surroundings) error {
	own, err := k.ownFolders(ctx, mine)
	if err != nil || len(own) == 0 {
		return err
	}
	list, err := k.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	switch {
	case apierrors.IsForbidden(err):
		near.Unseen = true
	case err != nil:
		return err
	default:
		others = slices.DeleteFunc(running(list.Items), func(p corev1.Pod) bool {
			return slices.ContainsFunc(mine, func(m corev1.Pod) bool { return m.UID == p.UID })
		})
	}
	volumes, err := k.volumes(ctx)
	if err != nil {
		return err
	}
	near.Neighbours = map[string][]string{}
	for _, p := range others {
		if p.Namespace == k.namespace && slices.Contains(near.Sharers, p.Name) {
			continue // it is one already, by its claim
		}
		name, theirs := p.Namespace+"/"+p.Name, folders(&p, "", volumes)
		for _, f := range own {
			if slices.ContainsFunc(theirs, f.meets) && !slices.Contains(near.Neighbours[f.volume], name) {
				near.Neighbours[f.volume] = append(near.Neighbours[f.volume], name)
			}
		}
	}
	return nil
}

// ownFolders are those of the registry's container. A claim whose volume may not be
// read has none that is known.
func (k *kube) ownFolders(ctx context.Context, mine []corev1.Pod) (all []folder, err error) {
	volumes := map[string]string{}
	for _, p := range mine {
		for _, v := range p.Spec.Volumes {
			if v.PersistentVolumeClaim == nil {
				continue
			}
			c, err := k.client.CoreV1().PersistentVolumeClaims(k.namespace).Get(ctx, v.PersistentVolumeClaim.ClaimName, metav1.GetOptions{})
			if err != nil {
				return nil, err
			}
			if c.Spec.VolumeName == "" {
				continue
			}
			volume, err := k.client.CoreV1().PersistentVolumes().Get(ctx, c.Spec.VolumeName, metav1.GetOptions{})
			if err != nil && !apierrors.IsForbidden(err) {
				return nil, err
			}
			if path := folderOf(volume); err == nil && path != "" {
				volumes[k.namespace+"/"+c.Name] = path
			}
		}
		all = append(all, folders(&p, k.container, volumes)...)
	}
	return all, nil
}

// volumes are the folders of nodes that claims of all namespaces lead to, as
// NAMESPACE/NAME; none if that may not be read.
func (k *kube) volumes(ctx context.Context) (map[string]string, error) {
	list, err := k.client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, v := range list.Items {
		if path := folderOf(&v); path != "" && v.Spec.ClaimRef != nil {
			all[v.Spec.ClaimRef.Namespace+"/"+v.Spec.ClaimRef.Name] = path
		}
	}
	return all, nil
}

// running are those of pods that may still write.
func running(pods []corev1.Pod) []corev1.Pod {
	return slices.DeleteFunc(pods, func(p corev1.Pod) bool {
		return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
	})
}
