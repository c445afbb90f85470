package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// job is a plan that is about to be applied.
type job struct {
	session *session
	plan    *plan.Plan
	raw     []byte // of the plan, as JSON
	old     bool   // the plan was made earlier, from what was there then
	graph   *graph.Registry
	backup  *backup.Backup // of a run that is resumed
}

// job makes a plan, reads one, or finds the one of a run.
func (f *flags) job(ctx context.Context, set *pflag.FlagSet, args []string, resume string) (*job, error) {
	j := &job{}
	var err error
	switch {
	case resume != "":
		dir, err := runDir(resume, newest)
		if err != nil {
			return nil, err
		}
		if j.backup, err = backup.Open(dir); err != nil {
			return nil, err
		}
		j.plan = j.backup.Plan
	case len(args) == 1 && isFile(args[0]):
		if j.plan, err = readPlan(args[0], f.io.In); err != nil {
			return nil, err
		}
		if j.raw, err = encoded(j.plan); err != nil { // the file may be YAML
			return nil, err
		}
	default:
		j.session, j.plan, j.graph, err = f.plan(ctx, set, args)
		if err == nil {
			j.raw, err = encoded(j.plan)
		}
		return j, err
	}
	if err := f.agree(set, j.plan); err != nil {
		return nil, err
	}
	j.old = true
	if err := f.adopt(j.plan); err != nil {
		return nil, err
	}
	if j.session, err = f.reconnect(ctx, j.plan, "plan"); err != nil {
		return nil, err
	}
	j.graph, err = j.session.look(ctx, nil)
	return j, err
}

func encoded(p *plan.Plan) ([]byte, error) {
	var b bytes.Buffer
	err := p.JSON(&b)
	return b.Bytes(), err
}

// isFile tells a plan's file from a workload: TYPE/NAME can be a path, but is none
// that exists.
func isFile(arg string) bool {
	if arg == "-" || strings.HasSuffix(arg, ".json") || strings.HasSuffix(arg, ".yaml") {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && info.Mode().IsRegular()
}

func readPlan(name string, stdin io.Reader) (*plan.Plan, error) {
	read := func() ([]byte, error) { return os.ReadFile(name) }
	if name == "-" {
		read = func() ([]byte, error) { return io.ReadAll(stdin) }
	}
	raw, err := read()
	if err != nil {
		return nil, cli.WithCode(fmt.Errorf("reading the plan: %w", err), cli.ExitUsage)
	}
	p, err := plan.Parse(raw)
	if err != nil {
		return nil, cli.WithCode(fmt.Errorf("reading the plan %q: %w", name, err), cli.ExitUsage)
	}
	return p, nil
}

// agree refuses flags that a plan has an answer to already, and another one.
func (f *flags) agree(set *pflag.FlagSet, p *plan.Plan) error {
	for _, name := range ruleNames {
		if set.Changed(name) {
			return hint.With(usagef("--%s does not go with a plan that is made already: it has its rules", name), "make a new plan with it, or leave it out")
		}
	}
	return f.sameNamespace(set, p)
}

// sameNamespace refuses -n with another namespace than that of p's registry.
func (f *flags) sameNamespace(set *pflag.FlagSet, p *plan.Plan) error {
	parts := strings.Split(p.Registry.Name, "/")
	if !set.Changed("namespace") {
		return nil
	}
	namespace, err := f.kube.Namespace()
	if err != nil {
		return err
	}
	if strings.Contains(p.Registry.Name, "://") || len(parts) == 3 && parts[1] == namespace {
		return nil
	}
	return usagef("-n %s: the registry is %q", namespace, p.Registry.Name)
}

// adopt takes over from a plan how clusters were asked, so that they are asked
// the same again.
func (f *flags) adopt(p *plan.Plan) error {
	for _, kind := range p.Cluster.Missing { // CONTEXT: KIND if there are several
		_, name, several := strings.Cut(kind, ": ")
		if !several {
			name = kind
		}
		f.use.partial = append(f.use.partial, name)
	}
	f.use.aliases = append(f.use.aliases, p.Cluster.Aliases...)
	f.use.foreign = append(f.use.foreign, p.Cluster.Foreign...)
	f.use.deep, f.use.nodeImages = f.use.deep || p.Cluster.Deep, f.use.nodeImages || p.Cluster.NodeImages
	if p.Cluster.Skipped {
		f.use.none = true
		return nil
	}
	current, err := f.kube.ContextName()
	if err != nil {
		return err
	}
	for _, context := range p.Cluster.Contexts {
		if context != current {
			f.use.contexts = append(f.use.contexts, context)
		}
	}
	return nil
}

// named are the arguments that lead to the registry of a plan. A login goes to a URL that
// the user has typed, never to one that merely is in a file.
func (f *flags) named(p *plan.Plan) ([]string, error) {
	if strings.Contains(p.Registry.Name, "://") {
		if f.reach.url == "" && f.reach.username != "" {
			return nil, hint.With(usagef("--username goes to a registry that is named on the command line, and the plan names %q", p.Registry.Name),
				"if that is the one: --registry "+kube.Quote(p.Registry.Name))
		}
		if f.reach.url == "" {
			f.reach.url = p.Registry.Name
		}
		return nil, nil
	}
	if f.reach.url != "" {
		return nil, nil
	}
	return []string{p.Registry.Name}, nil
}

// reconnect finds the registry of a plan again, and makes sure that it is the one.
func (f *flags) reconnect(ctx context.Context, p *plan.Plan, what string) (*session, error) {
	args, err := f.named(p)
	if err != nil {
		return nil, err
	}
	s, err := f.connect(ctx, args)
	if err != nil {
		return nil, err
	}
	return s, s.is(p.Registry, what)
}
