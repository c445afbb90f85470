package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/report"
)

// withReport prints an empty document if the run failed before it had anything to
// report: what reads -o json gets a document in any case.
func (f *flags) withReport(err error) error {
	if err == nil || f.reported {
		return err
	}
	if failed := report.Empty(f.io.Out, report.Format(f.output.format)); failed != nil {
		return failed
	}
	return err
}

// flagError does the same for a flag that cannot be read, wherever on the command
// line -o is.
func (f *flags) flagError(cmd *cobra.Command, err error) error {
	if cmd.HasParent() {
		return err
	}
	args := newSet("output")
	args.ParseErrorsAllowlist = pflag.ParseErrorsAllowlist{UnknownFlags: true}
	args.StringVarP(&f.output.format, "output", "o", f.output.format, "")
	args.BoolP("help", "h", false, "")
	_ = args.Parse(os.Args[1:]) // the error that counts is known
	return f.withReport(err)
}
