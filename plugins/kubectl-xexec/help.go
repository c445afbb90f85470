package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// setHelp orders the help by what the reader wants first: what it does, what
// people type, its own flags by the question that they answer, the small print, and
// last kubectl's flags.
func setHelp(root *cobra.Command, sections []section, connection *pflag.FlagSet) {
	usual := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd != root {
			usual(cmd, args)
			return
		}
		shared := pflag.NewFlagSet("shared", pflag.ContinueOnError)
		shared.AddFlagSet(connection)
		shared.AddFlagSet(cmd.PersistentFlags())
		var own strings.Builder
		for _, s := range sections {
			fmt.Fprintf(&own, "%s:\n%s\n", s.title, usages(s.flags))
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nExamples:\n%s\n\nUsage:\n  %s\n  kubectl xexec runs [RUN]\n  kubectl xexec version [-o json]\n\n%s%s\n\nConnection flags, as kubectl's:\n%s",
			cmd.Long, example, cmd.UseLine(), &own, details, usages(shared))
	})
}

// usages lists flags as kubectl does, one a line and aligned. pflag's own list
// spends a third of the width on "[=true|false]".
func usages(fs *pflag.FlagSet) string {
	var left, right []string
	width := 0
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		kind, text := pflag.UnquoteUsage(f)
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		if kind != "" {
			name += " " + kind
		}
		if d := f.DefValue; d != "" && d != "false" && d != "0" && d != "0s" && d != "[]" {
			text += fmt.Sprintf(" (default %s)", d)
		}
		left, right = append(left, name), append(right, text)
		width = max(width, len(name))
	})
	var b strings.Builder
	for i := range left {
		fmt.Fprintf(&b, "%-*s   %s\n", width, left[i], right[i])
	}
	return b.String()
}
