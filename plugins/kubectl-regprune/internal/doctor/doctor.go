// Package doctor examines whether a registry can be pruned, and what would go wrong:
// one check for each thing that has broken a registry before.
//
// It changes nothing. Its one DELETE is of a digest that no content has. A check that
// could not be made says so and is never "ok".
package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/rbac"
)

// APIVersion and Kind of a report.
const (
	APIVersion = "regprune.kubectl-suite.dev/v1alpha1"
	Kind       = "Doctor"
)

// State is how a check ended.
type State string

// The states, from the best to the worst. Fail is for what makes a command of regprune
// refuse, or a registry lose images; Warn for what needs care.
const (
	OK         State = "ok"
	NotChecked State = "not-checked"
	Warn       State = "warn"
	Fail       State = "fail"
)

// Check is one finding. All texts are one line.
type Check struct {
	ID       string `json:"id"` // stable; scripts may rely on it
	State    State  `json:"state"`
	Evidence string `json:"evidence"`
	Why      string `json:"why"`           // why it matters
	Fix      string `json:"fix,omitempty"` // a command or an instruction; "" if there is nothing to do
}

// Report is what the doctor found, in the order of the checks.
type Report struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Registry   string  `json:"registry"`
	Checks     []Check `json:"checks"`
}

// Registry is the part of a registry's client that is needed. A *registry.Client is
// one.
type Registry interface {
	Ping(ctx context.Context) (*registry.Server, error)
	Deletion(ctx context.Context, repo string) (registry.Deletion, error)
}

// Input is what there is to examine. What is nil is not examined, and the checks that
// need it say so.
type Input struct {
	Name       string            // of the registry, for the report
	Candidate  *locate.Candidate // nil: the registry is outside of the cluster
	Registry   Registry
	Repository string        // one that exists, to ask about deletion; "" if none is known
	HTTP       locate.Getter // to tell products apart
	Exec       disk.Runner   // in the registry's container
	Access     rbac.Client   // nil: no cluster is looked at
	Groups     []string      // API groups of the cluster's custom resources
	// Credentials are the logins that pull secrets have for the registry.
	Credentials []locate.Credential
	// Unreached and NoExec are why Registry and Exec are nil.
	Unreached, NoExec error
}

// run is one examination, with what earlier checks found for later ones.
type run struct {
	Input
	config    *disk.Config // of the server, as its container has it
	configErr error
	pinged    error
	server    *registry.Server
}

// Examine makes all checks. Its error is that of ctx, nothing else.
func Examine(ctx context.Context, in Input) (*Report, error) {
	r := &run{Input: in}
	r.readConfig(ctx)
	report := &Report{APIVersion: APIVersion, Kind: Kind, Registry: in.Name}
	for _, c := range checks {
		found := c.make(r, ctx)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		found.ID, found.Why = c.id, c.why
		found.Evidence = streams.SanitizeLine(found.Evidence)
		report.Checks = append(report.Checks, found)
	}
	return report, nil
}

// checks are all there is, in the order of what depends on what.
var checks = []struct {
	id, why string
	make    func(*run, context.Context) Check
}{
	{"reachable", "without it there is nothing to prune", (*run).reachable},
	{"credentials", "a registry that lets nobody in tells and deletes nothing", (*run).credentials},
	{"product", "other products keep their images in a database that would no longer agree with the storage", (*run).product},
	{"proxy-cache", "a pull-through cache deletes nothing on request", (*run).proxyCache},
	{"version", "distribution 2 cannot delete a tag without its image, and collects images of indexes that are in use", (*run).version},
	{"deletion-enabled", "it is off by default; while it is off, every deletion is refused", (*run).deletion},
	{"aliases", "images are in use under any of the registry's names", (*run).aliases},
	{"storage", "it decides what can be listed, measured and collected", (*run).storage},
	{"restart-safe", "a garbage collection restarts the registry twice", (*run).restartSafe},
	{"replicas", "a replica that still takes pushes while another collects garbage loses them", (*run).replicas},
	{"rollout-strategy", "a new pod may wait for ever for a volume that the old one holds", (*run).strategy},
	{"cache", "a server that remembers collected blobs takes pushes for complete that are not", (*run).cache},
	{"read-only-switch", "the usual variable for it is ignored by the server, or ends it, depending on its configuration", (*run).readOnly},
	{"gc-jobs", "a garbage collection beside pushes loses images", (*run).gcJobs},
	{"exec", "garbage collection is a command in the registry's container", (*run).exec},
	{"files", "untagged images, sizes and times of pushes are in the registry's files only", (*run).files},
	{"rbac-plan", "an image that is used where one may not look would be taken for unused", rights(rbac.Plan)},
	{"rbac-apply", "the cluster is looked at again before anything is deleted", rights(rbac.Apply)},
	{"rbac-gc", "the registry must be made read-only, and writable again", rights(rbac.GC)},
}

// Worst is the worst state of all checks, [OK] if there are none.
func (r *Report) Worst() State {
	worst := OK
	for _, c := range r.Checks {
		if rank[c.State] > rank[worst] {
			worst = c.State
		}
	}
	return worst
}

var rank = map[State]int{OK: 0, NotChecked: 1, Warn: 2, Fail: 3}

// ErrUnfit is the error of a report in which a check failed.
var ErrUnfit = errors.New("the registry is not fit to be pruned")

// Err decides how a command that examined a registry ends: with an [ErrUnfit] that
// names the failed checks, or nil. Warnings and what was not checked are no failure.
func (r *Report) Err() error {
	var failed []string
	for _, c := range r.Checks {
		if c.State == Fail {
			failed = append(failed, c.ID)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrUnfit, strings.Join(failed, ", "))
}

func found(state State, format string, args ...any) Check {
	return Check{State: state, Evidence: fmt.Sprintf(format, args...)}
}

// but adds the remedy.
func (c Check) but(fix string) Check {
	c.Fix = fix
	return c
}

func (c Check) butf(format string, args ...any) Check { return c.but(fmt.Sprintf(format, args...)) }

// outside is the answer to questions about a workload that is not there.
func outside() Check { return found(NotChecked, "the registry is outside of the cluster") }
