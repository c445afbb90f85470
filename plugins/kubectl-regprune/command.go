package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
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
	root.AddCommand(
		newApplyCommand(f), newGCCommand(f), newVerifyCommand(f), newRestoreCommand(f), newRecoverCommand(f), newRunsCommand(f),
		newWhyCommand(f), newDUCommand(f), newDoctorCommand(f), newListCommand(f), newRBACCommand(f), cli.NewVersionCommand(io),
	)
	return root
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
	cmd.Flags().AddFlagSet(f.connection())
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
