package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/rbac"
)

// readConfig reads the server's configuration in its container, which settles what the
// API server only hints at.
func (r *run) readConfig(ctx context.Context) {
	if r.Exec == nil {
		r.configErr = r.NoExec
		if r.configErr == nil {
			r.configErr = errors.New("no command was run in the registry's container")
		}
		return
	}
	path := ""
	if r.Candidate != nil {
		path = r.Candidate.ConfigPath
	}
	r.config, r.configErr = disk.ReadConfig(ctx, r.Exec, path)
}

func (r *run) exec(context.Context) Check {
	switch {
	case r.Exec == nil && r.NoExec == nil:
		return found(NotChecked, "%v", r.configErr)
	case r.configErr != nil:
		return found(Warn, "%v", r.configErr).but(hint.Of(r.configErr))
	case !r.config.Same:
		return found(Warn, "commands run, but without all settings of the server (%s)", r.config.Path).but("set the server's variables in the container's specification, not in a script that starts it")
	}
	return found(OK, "commands run, with the settings of the server (%s)", r.config.Path)
}

// tools prints what of a listing's needs is missing.
const tools = `for t in find stat grep; do command -v "$t" >/dev/null || echo "$t"; done; [ -d "$1/docker/registry/v2" ] || echo "$1/docker/registry/v2"; echo end`

func (r *run) files(ctx context.Context) Check {
	root := ""
	switch {
	case r.config == nil:
		return found(NotChecked, "%v", r.configErr)
	case r.config.Driver != "filesystem":
		return found(Warn, "the storage driver is %q: untagged images are not known, and sizes are upper bounds", r.config.Driver)
	default:
		root = r.config.Root
	}
	var out bytes.Buffer
	if err := r.Exec.Run(ctx, []string{"sh", "-c", tools, "sh", root}, nil, &out); err != nil {
		return found(Warn, "%v", err).but(hint.Of(err))
	}
	lines := strings.Fields(out.String())
	switch n := len(lines); {
	case n == 0 || lines[n-1] != "end":
		return found(NotChecked, "the container's answer ended early")
	case n > 1:
		return found(Warn, "the container lacks %s: untagged images are not known, and sizes are upper bounds", strings.Join(lines[:n-1], ", "))
	}
	return found(OK, "they can be listed below %s", root)
}

// listed is how many missing rights a check names.
const listed = 3

// rights checks what a step needs. Only a right that is missing for certain and that
// the step cannot do without is a failure.
func rights(step rbac.Step) func(*run, context.Context) Check {
	return func(r *run, ctx context.Context) Check {
		o := rbac.Options{Step: step, Groups: r.Groups}
		switch c := r.Candidate; {
		case r.Access == nil:
			return found(NotChecked, "no cluster was asked")
		case c != nil:
			o.Namespace, o.Workload = c.Namespace, c.Workload
		case step == rbac.GC:
			return outside()
		}
		if step == rbac.GC && !r.Candidate.Restarts() {
			return found(NotChecked, "a %s cannot be restarted by a change of its specification", o.Workload.Kind)
		}
		missing, err := rbac.Check(ctx, r.Access, o)
		if err != nil {
			return found(NotChecked, "%v", err)
		}
		return judge(o, missing)
	}
}

func judge(o rbac.Options, missing []rbac.Missing) Check {
	var needed, unsure, optional []rbac.Missing
	for _, m := range missing {
		switch {
		case m.Unsure:
			unsure = append(unsure, m)
		case m.Optional:
			optional = append(optional, m)
		default:
			needed = append(needed, m)
		}
	}
	manifests := fmt.Sprintf("kubectl regprune rbac --for %s --user NAME", o.Step)
	if o.Namespace != "" {
		manifests += fmt.Sprintf(" -n %s %s", o.Namespace, o.Workload)
	}
	switch {
	case len(needed) > 0:
		return found(Fail, "not allowed to %s", words(needed)).butf("%s | kubectl apply -f -, by somebody who may; check with: %s", manifests, needed[0].Command())
	case len(unsure) > 0:
		return found(NotChecked, "the API server does not say whether we may %s", words(unsure)).butf("check with: %s", unsure[0].Command())
	case len(optional) > 0:
		return found(Warn, "not allowed to %s, without which less is known", words(optional)).butf("%s | kubectl apply -f -, by somebody who may", manifests)
	}
	return found(OK, "everything that it needs is allowed")
}

func words(all []rbac.Missing) string {
	var out []string
	for _, m := range all[:min(listed, len(all))] {
		out = append(out, m.String())
	}
	text := strings.Join(out, ", ")
	if more := len(all) - listed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
