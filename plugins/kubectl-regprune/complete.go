package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/policy"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/rbac"
)

const noFiles = cobra.ShellCompDirectiveNoFileComp

// valuesOf is the annotation of a flag that has all of its values.
const valuesOf = "regprune/values"

// complete offers values for cmd's own flags, as far as they are known on this machine:
// nothing is asked for while the user waits for the Tab key. What takes a FILE is left
// to the shell.
func (f *flags) complete(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	special := map[string]cobra.CompletionFunc{
		"resume": completeRun, "also-context": f.completeContext, "sort": fixed(policy.Sorts...),
		"for": fixed(string(rbac.Plan), string(rbac.Apply), string(rbac.GC)),
	}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		offer := special[flag.Name]
		if offer == nil && flag.Annotations[valuesOf] != nil {
			offer = fixed(flag.Annotations[valuesOf]...)
		}
		if kind, _ := pflag.UnquoteUsage(flag); kind == "FILE" {
			return
		}
		if offer == nil {
			offer = cobra.NoFileCompletions
		}
		// It fails only for a flag that is not there.
		_ = cmd.RegisterFlagCompletionFunc(flag.Name, offer)
	})
}

func fixed(values ...string) cobra.CompletionFunc { return cobra.FixedCompletions(values, noFiles) }

// completePlan leaves the file with a plan to the shell; there is one.
func completePlan(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, noFiles
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// completeRun knows the runs, the newest first, and what became of them.
func completeRun(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	dir, err := backup.DefaultDir()
	if err != nil || len(args) > 0 {
		return nil, noFiles
	}
	runs, err := backup.List(dir)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	all := []string{lastRun}
	for _, r := range runs {
		all = append(all, fmt.Sprintf("%s\t%s, %s", r.Name, r.State, r.Registry))
	}
	return all, noFiles | cobra.ShellCompDirectiveKeepOrder
}

// completeContext knows the contexts of the kubeconfig.
func (f *flags) completeContext(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names, err := f.kube.Contexts()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, noFiles
}
