package main

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/alike"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/report"
)

// options are the command line, parsed, and the clusters that it leads to.
type options struct {
	*flags    // what needs no parsing
	query     resolve.Query
	command   supervise.Command
	mode      supervise.Mode
	batches   []engine.Size
	failures  *engine.Size // nil: no bound
	policy    exitPolicy
	masks     alike.Masks
	maxOutput int64  // bytes; 0: no limit
	rerunOf   string // the run that --rerun is about
	clusters  []*cluster
}

// options checks the command line before anything is loaded, so that a slip is
// answered at once and without a cluster. Dash is the number of arguments before
// "--", or -1.
func (f *flags) options(args []string, dash int) (*options, error) {
	o := &options{flags: f}
	f.io.Color = streams.ColorMode(f.output.color)
	f.io.Quiet = f.output.quiet
	targets, command, err := f.split(args, dash)
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		f.checkChoices, f.checkNumbers, f.checkPairs, o.parseSizes,
		func() error { return o.parseCommand(command) },
		func() error { return o.parseQuery(targets) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if f.memory.rerun != "" {
		if o.rerunOf, err = o.parseRerun(targets); err != nil {
			return nil, err
		}
	}
	o.clusters, err = f.connect()
	return o, err
}

// split divides the arguments at "--".
func (f *flags) split(args []string, dash int) (targets, command []string, err error) {
	switch {
	case dash >= 0 && len(args) > dash:
		return args[:dash], args[dash:], nil
	case f.commandIsElsewhere():
		return args, nil, nil
	case dash < 0 && len(args) > 1:
		err = hint.With(cli.Usagef(`no "--" between the target and the command`), "did you mean: kubectl xexec "+args[0]+" -- "+strings.Join(args[1:], " "))
	case len(args) == 0 && f.targets.selecting():
		err = hint.With(cli.Usagef("no command given"), "add it after two dashes: -- COMMAND [args...]")
	case len(args) == 0:
		err = hint.With(cli.Usagef("no target and no command given"), "try: kubectl xexec POD -- COMMAND [args...]")
	default:
		err = hint.With(cli.Usagef("no command given"), "add it after two dashes: kubectl xexec "+strings.Join(args, " ")+" -- COMMAND [args...]")
	}
	return nil, nil, err
}

// commandIsElsewhere says that nothing needs to follow "--".
func (f *flags) commandIsElsewhere() bool {
	return f.command.script != "" || f.command.shell || f.memory.rerun != ""
}

func (f *flags) checkChoices() error {
	for _, choice := range []struct {
		flag, value string
		allowed     []string
	}{
		{"--output", f.output.format, append([]string{""}, formats()...)},
		{"--prefix", f.output.prefix, []string{auto, always, never}},
		{"--color", f.output.color, []string{auto, always, never}},
		{"--supervisor", f.command.supervisor, []string{auto, always, never}},
		{"--dry-run", f.targets.dryRun, []string{none, client}},
		{"--journal", f.memory.journal, []string{"results", "output", none}},
	} {
		if !slices.Contains(choice.allowed, choice.value) {
			return cli.Usagef("%s %q: want %s", choice.flag, choice.value, strings.Trim(strings.Join(choice.allowed, ", "), ", "))
		}
	}
	return nil
}

// formats are the values of -o.
func formats() []string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, string(f))
	}
	return names
}

func (f *flags) checkNumbers() error {
	c := f.control
	switch {
	case c.parallel < 1:
		return cli.Usagef("--parallel %d: want at least 1", c.parallel)
	case c.perNode < 0:
		return cli.Usagef("--per-node %d: want a number, or 0 for no limit", c.perNode)
	case c.retries < 0:
		return cli.Usagef("--retries %d: want a number, or 0 for none", c.retries)
	case f.targets.pick < 0:
		return cli.Usagef("--pick %d: want a number, or 0 for all", f.targets.pick)
	case f.output.lines < 0:
		return cli.Usagef("--lines %d: want a number, or 0 for all", f.output.lines)
	}
	for _, limit := range []struct {
		flag  string
		value time.Duration
	}{
		{"--timeout", f.command.timeout}, {"--grace", f.command.grace}, {"--connect-timeout", f.command.connectTimeout},
		{"--batch-pause", c.batchPause}, {"--batch-ready", c.ready},
	} {
		if limit.value < 0 {
			return cli.Usagef("%s %s: want a positive time, or 0 for none", limit.flag, limit.value)
		}
	}
	return nil
}

// checkPairs refuses flags that contradict each other.
func (f *flags) checkPairs() error {
	for _, pair := range []struct {
		both   bool
		first  string
		second string
		hint   string
	}{
		{f.command.tty && f.output.format != "", "-t", "-o " + f.output.format, "a terminal mixes stdout and stderr; leave out -t"},
		{f.interactive() && f.grouped(), "-t", "--group, --diff or --diff-with", "a terminal mixes stdout and stderr; leave out -t"},
		{f.interactive() && f.command.supervisor == always, "-t", "--supervisor always", "the shell that supervises needs stdin for itself"},
		{f.command.shell && f.command.script != "", "--shell", "--script", "a script runs by its own interpreter"},
		{f.output.format != "" && f.grouped(), "-o " + f.output.format, "--group, --diff or --diff-with", "-o json has a fingerprint for each result: equal results have equal ones"},
	} {
		if pair.both {
			return hint.With(cli.Usagef("%s and %s exclude each other", pair.first, pair.second), pair.hint)
		}
	}
	return nil
}

// interactive says that a person will type into the command.
func (f *flags) interactive() bool { return f.command.tty || f.command.shell }

// grouped says that results are compared, and shown when all are in.
func (f *flags) grouped() bool { return f.output.group || f.output.diff || f.memory.diffWith != "" }

func (o *options) parseSizes() (err error) {
	limit, err := resource.ParseQuantity(o.output.maxOutput)
	if err != nil || limit.Sign() < 0 {
		return cli.Usagef("--max-output %q: want a size such as 500Ki or 10Mi, or 0 for no limit", o.output.maxOutput)
	}
	o.maxOutput = limit.Value()
	if text := o.control.batch; text != "" {
		if o.batches, err = engine.ParseBatches(text); err != nil {
			return cli.Usagef("--batch: %w", err)
		}
	}
	if text := o.control.maxFailures; text != "" {
		size, err := engine.ParseSize(text)
		if err != nil {
			return cli.Usagef("--max-failures: %w", err)
		}
		o.failures = &size
	}
	if o.policy, err = parseExitPolicy(o.control.exitCode); err != nil {
		return cli.Usagef("--exit-code: %w", err)
	}
	if o.masks, err = alike.ParseMasks(strings.Join(o.output.mask, ",")); err != nil {
		return cli.Usagef("--mask: %w", err)
	}
	return nil
}
