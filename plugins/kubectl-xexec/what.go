package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/shell"
)

// parseCommand puts together what is to run.
func (o *options) parseCommand(argv []string) (err error) {
	o.mode = map[string]supervise.Mode{auto: supervise.Auto, always: supervise.Always, never: supervise.Never}[o.flags.command.supervisor]
	c := &o.command
	c.Argv, c.Dir, c.User = argv, o.flags.command.workdir, o.flags.command.runAs
	if c.Env, err = o.flags.command.environment(); err != nil {
		return err
	}
	if o.flags.command.shell {
		if len(argv) > 0 {
			return hint.With(cli.Usagef("--shell stands for a command, but one is given"), "leave out one of them")
		}
		o.flags.command.stdin, o.flags.command.tty = true, true
		c.Argv = shell.Command(os.Getenv("TERM"))
	}
	if path := o.flags.command.script; path != "" {
		if c.Script, err = os.ReadFile(path); err != nil {
			return cli.Usagef("reading --script: %w", err)
		}
	}
	if o.needsShell() && (o.mode == supervise.Never || o.interactive()) {
		return hint.With(cli.Usagef("--env, --env-file, --workdir, --run-as and --script need the shell that supervises the command"),
			"they exclude -t, --shell and --supervisor never")
	}
	if len(c.Argv) == 0 && c.Script == nil {
		return nil // of a rerun; its record has the command
	}
	if err := c.Check(); err != nil {
		return cli.Usagef("%w", err)
	}
	return nil
}

// needsShell says that the command cannot be started by a plain exec.
func (o *options) needsShell() bool {
	c := o.command
	return len(c.Env) > 0 || c.Dir != "" || c.User != "" || c.Script != nil
}

// program is the command's name for messages.
func (o *options) program() string {
	if o.command.Script != nil {
		return fmt.Sprintf("script %q", o.flags.command.script)
	}
	return o.command.Argv[0]
}

// commandLine is what runs, for people.
func (o *options) commandLine() string {
	words := make([]string, 0, len(o.command.Argv)+1)
	if o.command.Script != nil {
		words = append(words, o.flags.command.script)
	}
	for _, arg := range o.command.Argv {
		words = append(words, kube.Quote(arg))
	}
	return strings.Join(words, " ")
}
