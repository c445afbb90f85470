package collect

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Workload is what runs the registry: a Deployment, a StatefulSet or a DaemonSet.
type Workload interface {
	// Get reads it from the cluster.
	Get(ctx context.Context) (*Snapshot, error)
	// Patch applies a JSON patch as one, if nobody has changed the workload since s was
	// read; otherwise nothing is changed, and the error is an ErrConflict.
	Patch(ctx context.Context, s *Snapshot, patch []Operation) error
	// Wait returns all pods once they have the workload's present settings and are
	// ready, and no other pod of it is left, not even one that is about to end.
	Wait(ctx context.Context) ([]Pod, error)
	// Surroundings reads what else in the cluster matters to a restart.
	Surroundings(ctx context.Context, s *Snapshot) (*Surroundings, error)
}

// ErrConflict says that somebody changed the workload since it was read.
var ErrConflict = errors.New("the workload has been changed meanwhile")

// Operation is one of a JSON patch, RFC 6902.
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Pod is one that runs the registry.
type Pod struct{ Namespace, Name, UID, Container, IP string }

// Snapshot is a workload at one time.
type Snapshot struct {
	Kind, Namespace, Name string
	ResourceVersion       string
	Labels, Annotations   map[string]string
	Replicas              int
	Strategy              string // RollingUpdate, Recreate or OnDelete
	Paused                bool
	Template              corev1.PodTemplateSpec
	Claims                []corev1.PersistentVolumeClaim // templates of a StatefulSet
	Container             string                         // the registry's
}

func (s *Snapshot) String() string { return fmt.Sprintf("%s %s/%s", s.Kind, s.Namespace, s.Name) }

// container is the registry's, and its place.
func (s *Snapshot) container() (int, *corev1.Container, error) {
	for i := range s.Template.Spec.Containers {
		if c := &s.Template.Spec.Containers[i]; c.Name == s.Container {
			return i, c, nil
		}
	}
	return 0, nil, fmt.Errorf("looking for the registry's container: %s has none named %q", s, s.Container)
}

// Surroundings are objects near a workload.
type Surroundings struct {
	Autoscalers []string // that scale it
	Collectors  []string // CronJobs that run garbage-collect and are not suspended
	Sharers     []string // other pods that use its claims
	// Neighbours are other pods, as NAMESPACE/NAME, that can write to the folder of a node
	// that a volume of the workload is, by that volume's name.
	Neighbours map[string][]string
	Unseen     bool // pods of other namespaces may not be listed
	Nodes      int  // that pods can run on; 2 if that may not be read
	Claims     map[string]Claim
}

// Claim is a PersistentVolumeClaim of the workload's.
type Claim struct {
	Modes []corev1.PersistentVolumeAccessMode
	Bound bool
}

// LockedError says that another run has the registry, or had it when it was killed.
type LockedError struct {
	Workload string
	By       Quiesce
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("%s is locked by run %q of %q, which began at %s and got to step %q",
		e.Workload, e.By.Run, e.By.Who, e.By.Since.Format("2006-01-02 15:04:05Z07:00"), e.By.Step)
}

// locked is a LockedError, if s is locked.
func (s *Snapshot) locked(recover string) error {
	q, err := s.quiesce()
	if err != nil || q == nil {
		return err
	}
	text := "if that run is no longer alive, undo it"
	if recover != "" {
		text += ": " + recover
	}
	return hint.With(&LockedError{s.String(), *q}, text)
}
