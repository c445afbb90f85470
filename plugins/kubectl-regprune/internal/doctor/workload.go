package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
)

// unread are the notes of the search about any of the things.
func (r *run) unread(things ...string) string {
	var out []string
	for _, note := range r.Candidate.Unread {
		for _, thing := range things {
			if strings.HasPrefix(note, thing) {
				out = append(out, note)
			}
		}
	}
	return strings.Join(out, ", ")
}

func (r *run) storage(context.Context) Check {
	if r.Candidate == nil {
		return outside()
	}
	s := r.Candidate.Storage
	switch {
	case r.Candidate.Settings.Conflict != "":
		return found(Warn, "%s", r.Candidate.Settings.Conflict)
	case s.Kind == locate.UnknownStorage:
		return found(NotChecked, "%s", s.Evidence)
	case s.RestartLosesData:
		return found(Warn, "%s: %s", s.Kind, s.Evidence).but("mount a PersistentVolumeClaim there")
	case !s.Files():
		return found(Warn, "%s: %s; deletions and collections are slow there, and untagged images cannot be listed", s.Kind, s.Evidence)
	}
	return found(OK, "%s: %s", s.Kind, s.Evidence)
}

func (r *run) restartSafe(context.Context) Check {
	c := r.Candidate
	if c == nil {
		return outside()
	}
	switch s := c.Storage; {
	case s.RestartLosesData:
		return found(Fail, "a new pod begins empty: %s", s.Evidence).but("mount a PersistentVolumeClaim there, and push the images again")
	case s.Kind == locate.UnknownStorage:
		return found(NotChecked, "%s", s.Evidence)
	case c.Workload.Kind == resolve.Pod:
		return found(Fail, "nothing makes the pod anew").but("run the registry by a deployment")
	case s.Kind == locate.HostPath && !c.Pinned && c.Workload.Kind != resolve.DaemonSet:
		return found(Warn, "%s, and a new pod may come to another node", s.Evidence).but("choose the node in the pod's specification, by nodeSelector")
	}
	return found(OK, "%s", c.Storage.Evidence)
}

func (r *run) replicas(context.Context) Check {
	c := r.Candidate
	if c == nil {
		return outside()
	}
	evidence := fmt.Sprintf("%d of %d pods ready", c.Ready(), c.Replicas)
	own := c.Storage.RestartLosesData || c.Storage.Kind == locate.HostPath
	switch unread := r.unread("horizontalpodautoscalers", "pods"); {
	case c.Autoscaler != "":
		return found(Warn, "%s, and autoscaler %q may change that", evidence, c.Autoscaler).butf("give it the same minReplicas and maxReplicas during a garbage collection: kubectl -n %s edit hpa %s", c.Namespace, c.Autoscaler)
	case c.Replicas > 1 && own:
		return found(Fail, "%s, each with content of its own: %s", evidence, c.Storage.Evidence).butf("scale it to one: kubectl -n %s scale %s --replicas=1", c.Namespace, c.Workload)
	case c.Ready() == 0:
		return found(Fail, "%s", evidence).butf("see why with: kubectl -n %s describe pods", c.Namespace)
	case c.Ready() != int(c.Replicas) || len(c.Pods) != int(c.Replicas):
		return found(Warn, "%s, %d in all", evidence, len(c.Pods)).butf("wait for the rollout: kubectl -n %s rollout status %s", c.Namespace, c.Workload)
	case unread != "":
		return found(NotChecked, "%s; not read: %s", evidence, unread)
	}
	return found(OK, "%s", evidence)
}

func (r *run) strategy(context.Context) Check {
	c := r.Candidate
	if c == nil {
		return outside()
	}
	const rolling = "RollingUpdate"
	switch {
	case !c.Restarts():
		return found(Fail, "a %s is not restarted by a change of its specification", c.Workload.Kind).but("run the registry by a deployment")
	case c.Strategy == "":
		return found(NotChecked, "the specification of %s could not be read", c.Workload)
	case c.Strategy == "OnDelete":
		return found(Warn, "%s: a change takes effect only when its pods are deleted", c.Workload)
	case c.Workload.Kind == resolve.Deployment && c.Strategy == rolling && c.Storage.Kind == locate.PVC:
		return found(NotChecked, "%s, and the access modes of claim %q are not known", c.Strategy, c.Storage.Claim)
	case c.Workload.Kind == resolve.Deployment && c.Strategy == rolling && c.Storage.Kind == locate.PVCRWO:
		return found(Warn, "%s, and claim %q can be on one node only", c.Strategy, c.Storage.Claim).butf(
			`kubectl -n %s patch %s -p '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'`, c.Namespace, c.Workload)
	}
	return found(OK, "%s", c.Strategy)
}

func (r *run) gcJobs(context.Context) Check {
	c := r.Candidate
	if c == nil {
		return outside()
	}
	if unread := r.unread("cronjobs"); unread != "" {
		return found(NotChecked, "not read: %s", unread)
	}
	var active, idle []string
	for _, j := range c.GCJobs {
		if j.Suspended {
			idle = append(idle, j.Name)
			continue
		}
		active = append(active, fmt.Sprintf("%s (%s, known by %s)", j.Name, j.Schedule, j.Why))
	}
	switch {
	case len(active) > 0:
		return found(Warn, "CronJobs collect garbage: %s", strings.Join(active, ", ")).butf(
			`kubectl -n %s patch cronjob %s -p '{"spec":{"suspend":true}}'`, c.Namespace, strings.Fields(active[0])[0])
	case len(idle) > 0:
		return found(OK, "suspended: %s", strings.Join(idle, ", "))
	}
	return found(OK, "no CronJob of namespace %q", c.Namespace)
}
