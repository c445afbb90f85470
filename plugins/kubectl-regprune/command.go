package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// Exit codes besides those that all plugins share.
const (
	exitRefused = 5 // a guard refused, or the garbage collection was found unsafe
	exitDiffers = 6 // --detailed-exitcode: the plan deletes something
)

// newCommand makes the command and its verbs. Each verb takes the groups of flags that
// it understands, so that a flag means the same wherever it is.
func newCommand(io *streams.IO) *cobra.Command {
	f := newFlags(io)
	root := newPlanCommand(f)
	root.Args, root.SuggestionsMinimumDistance = oneRegistry, 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if wrong := mistyped(cmd, cmd.Flags().Args()); cmd == root && wrong != nil {
			return wrong // whose flags this command does not have
		}
		return err
	})
	root.AddCommand(
		newApplyCommand(f), newGCCommand(f), newVerifyCommand(f), newRestoreCommand(f), newRecoverCommand(f), newRunsCommand(f),
		newWhyCommand(f), newDUCommand(f), newDoctorCommand(f), newListCommand(f), newRBACCommand(f), cli.NewVersionCommand(io),
	)
	return root
}

// oneRegistry takes a registry, or none.
func oneRegistry(cmd *cobra.Command, args []string) error {
	if err := mistyped(cmd, args); err != nil {
		return err
	}
	return cobra.MaximumNArgs(1)(cmd, args)
}

// mistyped reports that the first word looks like a verb: a pod of such a name is
// hardly ever meant. Words of two letters look like everything.
func mistyped(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || len(args[0]) < 3 {
		return nil
	}
	unknown := usagef("unknown command %q for %q", args[0], "kubectl regprune")
	if args[0] == "plan" {
		return hint.With(unknown, "without a command it plans")
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return hint.With(unknown, fmt.Sprintf("did you mean %s? a pod of that name is pod/%s", strings.Join(near, " or "), args[0]))
	}
	return nil
}

func newFlags(io *streams.IO) *flags {
	return &flags{io: io, kube: kube.NewFlags("kubectl-regprune/"+cli.Version().Version, io.Err)}
}

// verb makes a subcommand that takes groups of flags.
func (f *flags) verb(cmd *cobra.Command, groups ...*pflag.FlagSet) *cobra.Command {
	cmd.DisableFlagsInUseLine = true
	cmd.Example = strings.ReplaceAll(cmd.Example, "\n\n", "\n  \n") // kubectl's rule: indent blank lines, too
	for _, g := range groups {
		cmd.Flags().AddFlagSet(g)
	}
	f.complete(cmd)
	cmd.Flags().AddFlagSet(f.connection())
	_ = cmd.RegisterFlagCompletionFunc("context", f.completeContext) // the verbs share the flag: one of them does it
	return cmd
}

// connection are kubectl's flags. They are bound once: all verbs share the values.
func (f *flags) connection() *pflag.FlagSet {
	if f.shared == nil {
		f.shared = pflag.NewFlagSet("connection", pflag.ContinueOnError)
		f.kube.AddFlags(f.shared)
	}
	return f.shared
}
