package main

import (
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
