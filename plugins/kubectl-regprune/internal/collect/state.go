package collect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Annotation of a workload holds a Quiesce while its registry is read only.
const Annotation = "regprune.kubectl-suite.dev/quiesce"

// Step is how far a run has got. Those from Quiescing to Restoring are in the
// annotation.
type Step string

// The steps, in their order.
const (
	Looking    Step = "looking"
	Quiescing  Step = "quiescing"  // the workload is changed, the pods are being replaced
	Checking   Step = "checking"   // nobody can push
	Collecting Step = "collecting" // the collection runs, or has run
	Restoring  Step = "restoring"  // the workload is as it was, the pods are being replaced
	Probing    Step = "probing"    // everything is as it was
)

// Quiesce is the state of a run, as it is in the annotation.
type Quiesce struct {
	Run        string         `json:"run"`
	Who        string         `json:"who"`
	Since      time.Time      `json:"since"`
	Step       Step           `json:"step"`
	Container  string         `json:"container"`
	Repository string         `json:"repository"`         // for attempts to push
	Previous   *corev1.EnvVar `json:"previous,omitempty"` // the variable as it was, or absent
	HadEnv     bool           `json:"hadEnv,omitempty"`   // the container had a list of variables
	Closed     bool           `json:"closed,omitempty"`   // it took no pushes before, either
}

// The variable that makes a registry read only, and its value. This form replaces the
// whole block of the configuration, and works whether there is one or not. That with
// the path in its name, REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=true, ends
// servers with a panic if there is none, and is ignored if there is one.
const (
	Variable = "REGISTRY_STORAGE_MAINTENANCE"
	Value    = "{readonly: {enabled: true}}"
)

// quiesce reads the annotation; it is nil without one.
func (s *Snapshot) quiesce() (*Quiesce, error) {
	text, ok := s.Annotations[Annotation]
	if !ok {
		return nil, nil
	}
	var q Quiesce
	if err := json.Unmarshal([]byte(text), &q); err != nil || q.Run == "" {
		return nil, hint.With(fmt.Errorf("reading the annotation %q of %s: it is not one of this program's", Annotation, s),
			"set the variable "+Variable+" of the container as it was, and remove the annotation")
	}
	return &q, nil
}

// note is the operations that put q into the annotation; with nil they remove it.
func (s *Snapshot) note(q *Quiesce) ([]Operation, error) {
	path := "/metadata/annotations/" + strings.ReplaceAll(Annotation, "/", "~1")
	if q == nil {
		if len(s.Annotations) == 1 {
			path = "/metadata/annotations"
		}
		return []Operation{{Op: "remove", Path: path}}, nil
	}
	text, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("writing the annotation %q: %w", Annotation, err)
	}
	if s.Annotations == nil {
		return []Operation{{Op: "add", Path: "/metadata/annotations", Value: map[string]string{Annotation: string(text)}}}, nil
	}
	return []Operation{{Op: "add", Path: path, Value: string(text)}}, nil
}

// close is the operations that make the registry read only and note it, as one.
func (s *Snapshot) close(q *Quiesce) ([]Operation, error) {
	i, c, err := s.container()
	if err != nil {
		return nil, err
	}
	path := fmt.Sprintf("/spec/template/spec/containers/%d", i)
	variable := corev1.EnvVar{Name: Variable, Value: Value}
	q.Container, q.HadEnv, q.Previous = c.Name, len(c.Env) > 0, nil
	ops := []Operation{{Op: "test", Path: path + "/name", Value: c.Name}}
	switch at := slices.IndexFunc(c.Env, isVariable); {
	case at >= 0:
		q.Previous = &c.Env[at]
		ops = append(ops, Operation{"replace", fmt.Sprintf("%s/env/%d", path, at), variable})
	case q.HadEnv:
		ops = append(ops, Operation{"add", path + "/env/-", variable})
	default:
		ops = append(ops, Operation{"add", path + "/env", []corev1.EnvVar{variable}})
	}
	note, err := s.note(q)
	return append(ops, note...), err
}

// open is the operations that put the variable back and note it. A variable that is
// no longer what close made of it is somebody else's, and stays.
func (s *Snapshot) open(q *Quiesce) ([]Operation, error) {
	i, c, err := s.container()
	if err != nil {
		return nil, err
	}
	path := fmt.Sprintf("/spec/template/spec/containers/%d", i)
	ops := []Operation{{Op: "test", Path: path + "/name", Value: c.Name}}
	at := slices.IndexFunc(c.Env, isVariable)
	switch ours := at >= 0 && c.Env[at].Value == Value; {
	case !ours:
	case q.Previous != nil:
		ops = append(ops, Operation{"replace", fmt.Sprintf("%s/env/%d", path, at), *q.Previous})
	case len(c.Env) == 1 && !q.HadEnv:
		ops = append(ops, Operation{Op: "remove", Path: path + "/env"})
	default:
		ops = append(ops, Operation{Op: "remove", Path: fmt.Sprintf("%s/env/%d", path, at)})
	}
	note, err := s.note(q)
	return append(ops, note...), err
}

func isVariable(v corev1.EnvVar) bool { return v.Name == Variable }
