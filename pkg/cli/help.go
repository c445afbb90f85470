package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Help is the help of a plugin's root command, in the order of what a reader wants
// first: what it does, what people type, its own flags, the small print, and last
// kubectl's flags.
type Help struct {
	Usage    []string       // lines besides the command's own, such as "kubectl xexec runs [RUN]"
	Sections []HelpSection  // the plugin's own flags
	Details  string         // the small print
	Shared   *pflag.FlagSet // kubectl's flags
}

// HelpSection is a group of flags by the question that they answer.
type HelpSection struct {
	Title string
	Flags *pflag.FlagSet
}

// SetHelp makes root print h. Its subcommands keep cobra's help.
func SetHelp(root *cobra.Command, h Help) {
	usual := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd != root {
			usual(cmd, args)
			return
		}
		shared := pflag.NewFlagSet("shared", pflag.ContinueOnError)
		shared.AddFlagSet(h.Shared)
		shared.AddFlagSet(cmd.PersistentFlags())
		var own strings.Builder
		for _, s := range h.Sections {
			fmt.Fprintf(&own, "%s:\n%s\n", s.Title, FlagUsages(s.Flags))
		}
		examples := strings.ReplaceAll(cmd.Example, "\n  \n", "\n\n") // kubectl's rule for the field: no line is empty
		usage := strings.Join(append([]string{cmd.UseLine()}, h.Usage...), "\n  ")
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nExamples:\n%s\n\nUsage:\n  %s\n\n%s%s\n\nConnection flags, as kubectl's:\n%s",
			cmd.Long, examples, usage, &own, h.Details, FlagUsages(shared))
	})
}

// FlagUsages lists flags as kubectl does, one a line and aligned. Pflag's own list
// spends a third of the width on "[=true|false]".
func FlagUsages(fs *pflag.FlagSet) string {
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
		if worthShowing(f.DefValue) {
			text += fmt.Sprintf(" (default %s)", f.DefValue)
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

// worthShowing leaves out defaults that mean no more than "not given".
func worthShowing(value string) bool {
	switch value {
	case "", "0", "false", "[]", "-1", "0s", "default":
		return false
	}
	return true
}
