package collect

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// Finding is something to know before a registry is restarted.
type Finding struct {
	ID     string // of the constants below
	Text   string
	Refuse bool // the run does not begin, unless it is allowed
	Final  bool // and cannot be allowed
}

// What Examine finds.
const (
	StorageLost    = "storage-lost"     // the pod's end is the storage's
	NodeUnpinned   = "node-unpinned"    // files of a node, and the pod may go to another
	OthersUnseen   = "others-unseen"    // whether others may write to it could not be seen
	SharedVolume   = "shared-volume"    // others may write to it, too
	SettingsDiffer = "settings-differ"  // a command in the container has other settings than the server
	AlreadyClosed  = "already-readonly" // it is read only before this program has done anything
	ProxyCache     = "proxy-cache"      // it manages its content itself
	NotRestarting  = "not-restarting"   // a change of the workload does not reach its pods
	Autoscaled     = "autoscaled"       // an autoscaler may change the number of pods
	OwnCollector   = "own-collector"    // a CronJob collects, too
	Managed        = "managed"          // something may undo changes of the workload
	SlowRollout    = "slow-rollout"     // the volume may keep the next pod from starting
)

// Examine looks for reasons not to restart a registry, and not to collect.
func Examine(s *Snapshot, near *Surroundings, c *disk.Config) []Finding {
	var all []Finding
	add := func(id string, refuse, final bool, format string, args ...any) {
		all = append(all, Finding{id, fmt.Sprintf(format, args...), refuse, final})
	}
	storage(s, near, c, add)
	if !c.Same {
		add(SettingsDiffer, true, true, "the server runs with other variables than commands in its container get: a collection there could be about other storage")
	}
	if v := variable(&s.Template.Spec, s.Container); c.ReadOnly && v != nil && v.Value == Value {
		add(AlreadyClosed, true, false, "the registry is read only already, as by a garbage collection: \"kubectl regprune recover\" opens it")
	} else if c.ReadOnly {
		add(AlreadyClosed, true, false, "the registry is read only already")
	}
	if c.Proxy {
		add(ProxyCache, true, false, "the registry is a pull-through cache, which removes content by itself")
	}
	switch {
	case s.Paused:
		add(NotRestarting, true, true, "%s is paused", s)
	case s.Replicas == 0:
		add(NotRestarting, true, true, "%s has no replicas", s)
	case s.Strategy == "OnDelete":
		add(NotRestarting, true, true, "%s replaces pods only when somebody deletes them (OnDelete)", s)
	}
	for _, name := range near.Autoscalers {
		add(Autoscaled, true, false, "HorizontalPodAutoscaler %q changes the number of pods", name)
	}
	for _, name := range near.Collectors {
		add(OwnCollector, true, false, "CronJob %q collects garbage by itself: suspend it", name)
	}
	for _, name := range near.Sharers {
		add(SharedVolume, true, false, "pod %q uses the registry's volume, too", name)
	}
	if by := manager(s); by != "" {
		add(Managed, true, false, "%s manages %s, and may undo its being read only, while garbage is collected: suspend it", by, s)
	}
	return all
}

func refuse(all []Finding, allow map[string]bool) error {
	var ids, texts []string
	final := false
	for _, f := range all {
		if f.Refuse && (f.Final || !allow[f.ID]) {
			ids, texts = append(ids, f.ID), append(texts, f.Text)
			final = final || f.Final
		}
	}
	if len(ids) == 0 {
		return nil
	}
	err := &RefusedError{ids, strings.Join(texts, "; ")}
	if final {
		return err
	}
	return hint.With(err, "if that does not matter, allow it: "+strings.Join(slices.Compact(ids), ", "))
}

// RefusedError says that findings keep a run from beginning. Nothing has been changed.
type RefusedError struct {
	IDs  []string
	Text string
}

func (e *RefusedError) Error() string { return "collecting garbage: refused: " + e.Text }

// manager is what keeps the workload as a repository or chart has it.
func manager(s *Snapshot) string {
	for _, m := range []struct{ key, name string }{
		{"argocd.argoproj.io/tracking-id", "Argo CD"}, {"argocd.argoproj.io/instance", "Argo CD"},
		{"kustomize.toolkit.fluxcd.io/name", "Flux"}, {"helm.toolkit.fluxcd.io/name", "Flux"},
		{"objectset.rio.cattle.io/id", "Fleet"},
	} {
		if s.Labels[m.key] != "" || s.Annotations[m.key] != "" {
			return m.name
		}
	}
	return ""
}

// storage looks at the volume below the registry's root.
func storage(s *Snapshot, near *Surroundings, c *disk.Config, add func(string, bool, bool, string, ...any)) {
	v := volumeOf(s, c.Root)
	if v != nil {
		for _, name := range near.Neighbours[v.Name] {
			add(SharedVolume, true, false, "pod %q can write to the registry's folder of the node, too", name)
		}
	}
	switch {
	case v == nil:
		add(StorageLost, true, true, "no volume is mounted at %q: a restart would lose the registry's content", c.Root)
	case v.EmptyDir != nil, v.Ephemeral != nil:
		add(StorageLost, true, true, "volume %q at %q ends with the pod: a restart would lose the registry's content", v.Name, c.Root)
	case v.HostPath != nil:
		if near.Nodes > 1 && !pinned(&s.Template.Spec) && s.Kind != "DaemonSet" {
			add(NodeUnpinned, true, false, "volume %q is a folder of a node, and the next pod may run on another one", v.Name)
		}
		if near.Unseen {
			add(OthersUnseen, true, false, "whether a pod of another namespace has the registry's folder %q of the node, too, is not known: they may not be listed", v.HostPath.Path)
		}
		if s.Kind == "DaemonSet" && near.Nodes > 1 {
			add(SharedVolume, true, true, "every node has a registry of its own")
		}
	case v.PersistentVolumeClaim != nil:
		claim := near.Claims[v.PersistentVolumeClaim.ClaimName]
		alone := slices.Contains(claim.Modes, corev1.ReadWriteOnce) || slices.Contains(claim.Modes, corev1.ReadWriteOncePod)
		if alone && s.Kind == "Deployment" && s.Strategy == "RollingUpdate" {
			add(SlowRollout, false, false, "claim %q is for one node at a time, and %s starts new pods before it ends old ones: if that gets stuck, everything is put back", v.PersistentVolumeClaim.ClaimName, s)
		}
		if s.Kind == "StatefulSet" && len(s.Claims) > 0 && s.Replicas > 1 && isTemplate(s, v.PersistentVolumeClaim.ClaimName) {
			add(SharedVolume, true, true, "every pod of %s has storage of its own", s)
		}
	}
}

// volumeOf is the volume that holds a folder: that with the longest matching mount.
func volumeOf(s *Snapshot, folder string) *corev1.Volume {
	_, c, err := s.container()
	if err != nil {
		return nil
	}
	name, longest := "", 0
	for _, m := range c.VolumeMounts {
		at := strings.TrimSuffix(m.MountPath, "/") + "/"
		if strings.HasPrefix(folder+"/", at) && len(at) > longest {
			name, longest = m.Name, len(at)
		}
	}
	for i := range s.Template.Spec.Volumes {
		if v := &s.Template.Spec.Volumes[i]; v.Name == name {
			return v
		}
	}
	if isTemplate(s, name) {
		v := corev1.Volume{Name: name}
		v.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}
		return &v
	}
	return nil
}

func isTemplate(s *Snapshot, name string) bool {
	return slices.ContainsFunc(s.Claims, func(c corev1.PersistentVolumeClaim) bool { return c.Name == name })
}

// pinned reports whether the pod's specification decides on its node.
func pinned(spec *corev1.PodSpec) bool {
	return spec.NodeName != "" || len(spec.NodeSelector) > 0 || spec.Affinity != nil && spec.Affinity.NodeAffinity != nil
}
