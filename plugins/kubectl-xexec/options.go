package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// options are the command line, parsed, and the clients that it leads to.
type options struct {
	io        *streams.IO
	query     resolve.Query
	command   []string
	stdin     bool
	tty       bool
	quiet     bool
	parallel  int
	timeout   time.Duration // of each target; 0: none
	output    string        // "", "json" or "jsonl"
	prefix    string        // auto, always or never
	maxOutput int64         // bytes; 0: no limit

	context string // name of the kubeconfig context, for the report
	client  resolve.Client
	exec    execer
}

// options checks the command line before anything is loaded, so that a slip is
// answered at once and without a cluster. Dash is the number of arguments before
// "--", or -1.
func (f *flags) options(args []string, dash int) (*options, error) {
	targets, command, err := split(args, dash)
	if err != nil {
		return nil, err
	}
	o := &options{
		io: f.io, command: command, stdin: f.stdin, tty: f.tty, quiet: f.quiet,
		parallel: f.parallel, timeout: f.timeout, output: f.output, prefix: f.prefix,
	}
	f.io.Color = streams.ColorMode(f.color)
	f.io.Quiet = f.quiet
	if err := f.check(o); err != nil {
		return nil, err
	}
	if o.query, err = f.query(targets); err != nil {
		return nil, err
	}
	return o, f.connect(o)
}

// split divides the arguments at "--".
func split(args []string, dash int) (targets, command []string, err error) {
	switch {
	case dash >= 0 && len(args) > dash:
		return args[:dash], args[dash:], nil
	case dash < 0 && len(args) > 1:
		err = hint.With(cli.Usagef(`no "--" between the target and the command`), "did you mean: kubectl xexec "+args[0]+" -- "+strings.Join(args[1:], " "))
	case len(args) == 0:
		err = hint.With(cli.Usagef("no target and no command given"), "try: kubectl xexec POD -- COMMAND [args...]")
	default:
		err = hint.With(cli.Usagef("no command given"), "add it after two dashes: kubectl xexec "+strings.Join(args, " ")+" -- COMMAND [args...]")
	}
	return nil, nil, err
}

func (f *flags) check(o *options) error {
	for _, choice := range []struct {
		flag, value string
		allowed     []string
	}{
		{"--output", f.output, []string{"", "json", "jsonl"}},
		{"--prefix", f.prefix, []string{auto, always, never}},
		{"--color", f.color, []string{auto, always, never}},
	} {
		if !slices.Contains(choice.allowed, choice.value) {
			return cli.Usagef("%s %q: want %s", choice.flag, choice.value, strings.Trim(strings.Join(choice.allowed, ", "), ", "))
		}
	}
	switch {
	case f.parallel < 1:
		return cli.Usagef("--parallel %d: want at least 1", f.parallel)
	case f.timeout < 0:
		return cli.Usagef("--timeout %s: want a positive time, or 0 for none", f.timeout)
	case f.tty && f.output != "":
		return hint.With(cli.Usagef("-t and -o %s exclude each other", f.output), "a terminal mixes stdout and stderr; leave out -t")
	}
	limit, err := resource.ParseQuantity(f.maxOutput)
	if err != nil || limit.Sign() < 0 {
		return cli.Usagef("--max-output %q: want a size such as 500Ki or 10Mi, or 0 for no limit", f.maxOutput)
	}
	o.maxOutput = limit.Value()
	return nil
}

func (f *flags) query(targets []string) (q resolve.Query, err error) {
	q.Container = f.container
	selecting := f.selector != "" || f.fieldSelector != "" || f.all
	switch {
	case len(targets) > 0 && selecting:
		return q, cli.Usagef("give either targets by name or a selector (-l, --field-selector, --all), not both")
	case len(targets) > 0 && f.allNamespaces:
		return q, hint.With(cli.Usagef("a target cannot be named across all namespaces"), "use -n NAMESPACE, or select with -l")
	case len(targets) == 0 && !selecting:
		return q, hint.With(cli.Usagef("no target given"), "name a POD or TYPE/NAME, or select pods with -l; --all means every pod")
	}
	for _, t := range targets {
		ref, err := resolve.ParseRef(t)
		if err != nil {
			return q, cli.Usagef("%w", err)
		}
		q.Refs = append(q.Refs, ref)
	}
	if q.Labels, err = labels.Parse(f.selector); err != nil {
		return q, cli.Usagef("parsing label selector %q: %w", f.selector, err)
	}
	if q.Fields, err = fields.ParseSelector(f.fieldSelector); err != nil {
		return q, cli.Usagef("parsing field selector %q: %w", f.fieldSelector, err)
	}
	return q, nil
}

// connect loads the kubeconfig; the network is not touched yet.
func (f *flags) connect(o *options) error {
	f.kube.StdinInUse = f.stdin
	cfg, err := f.kube.Config()
	if err != nil {
		return err
	}
	if !f.allNamespaces {
		ns, err := f.kube.Namespace()
		if err != nil {
			return err
		}
		o.query.Namespaces = []string{ns}
	}
	if o.context, err = f.kube.ContextName(); err != nil {
		return err
	}
	if o.client, err = f.kube.Client(); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if o.exec, err = podexec.New(cfg, podexec.EndToEnd()); err != nil {
		return fmt.Errorf("making an exec client: %w", err)
	}
	return nil
}
