package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/diff"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

const diffExample = `  # What has grown since Monday?
  kubectl redismem -n prod -q -o json > monday.json
  kubectl redismem -n prod -q -o json | kubectl redismem diff monday.json -

  # Fail a job if memory has grown by more than a tenth
  kubectl redismem diff monday.json today.json --fail-on-growth 10`

// diffFlags are those of the verb diff, which needs no server.
type diffFlags struct {
	io        *streams.IO
	output    string
	top       int
	growth    float64
	noHeaders bool
}

func newDiffCommand(io *streams.IO) *cobra.Command {
	f := &diffFlags{io: io}
	cmd := &cobra.Command{
		Use: "diff BEFORE AFTER [flags]", DisableFlagsInUseLine: true,
		Short: "Compare two reports that -o json or yaml wrote",
		Long: `Compare two reports that -o json or yaml wrote: which patterns grew, which are new or
gone, and when memory will be full at this rate. - stands for stdin.`,
		Example: diffExample, Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().StringVarP(&f.output, "output", "o", render.Table, "output format: "+join(render.DiffFormats))
	cmd.Flags().IntVar(&f.top, "top", defaultTop, "patterns to show; the rest is summed up (0: all)")
	cmd.Flags().BoolVar(&f.noHeaders, "no-headers", false, "leave out the table's header")
	cmd.Flags().Float64Var(&f.growth, "fail-on-growth", 0, "exit with 1 if all keys together take more than `PERCENT` more than before, with 4 if a report is partial")
	return cmd
}

func (f *diffFlags) run(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) != 2:
		return cli.Usagef("%d reports given, two are compared: diff BEFORE AFTER", len(args))
	case args[0] == "-" && args[1] == "-":
		return cli.Usagef("only one of the reports can come from stdin")
	case !slices.Contains(render.DiffFormats, f.output):
		return cli.Usagef("unknown output format %q: use one of %s", f.output, join(render.DiffFormats))
	case f.growth < 0:
		return cli.Usagef("--fail-on-growth %g cannot be negative", f.growth)
	case f.top < 0:
		return cli.Usagef("--top cannot be negative")
	}
	before, err := f.read(args[0])
	if err != nil {
		return err
	}
	after, err := f.read(args[1])
	if err != nil {
		return err
	}
	d, err := diff.Of(before, after)
	if err != nil {
		if errors.Is(err, diff.ErrOrder) {
			err = hint.With(err, "give the older one first")
		}
		return cli.WithCode(fmt.Errorf("comparing %q with %q: %w", args[0], args[1], err), cli.ExitUsage)
	}
	if err := render.WriteDiff(f.io.Out, f.output, d, render.Options{Width: f.io.Width(), Top: f.top, NoHeaders: f.noHeaders}); err != nil {
		return err
	}
	if cmd.Flags().Changed("fail-on-growth") {
		for i, r := range []*report.Report{before, after} {
			if !r.Coverage.Complete && r.Sampling.Mode != report.Keys {
				return cli.WithCode(fmt.Errorf("the report %q is partial: how much has grown is not known", args[i]), cli.ExitPartial)
			}
		}
	}
	grown := float64(d.Totals.BytesDelta) / float64(max(1, d.Totals.BytesBefore)) * 100
	if cmd.Flags().Changed("fail-on-growth") && grown > f.growth {
		return fmt.Errorf("all keys together take %.1f%% more than before, which is over %g%%", grown, f.growth)
	}
	return nil
}

// read reads a report. JSON is YAML, too.
func (f *diffFlags) read(name string) (*report.Report, error) {
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(f.io.In)
	} else {
		data, err = os.ReadFile(name) // the user names it
	}
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	r := &report.Report{}
	if err := yaml.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("reading the report %q: %w", name, err)
	}
	if r.Kind != report.Kind || r.APIVersion != report.APIVersion {
		return nil, hint.With(fmt.Errorf("reading the report %q: it is %q of %q, not %s of %s", name, r.Kind, r.APIVersion, report.Kind, report.APIVersion),
			"make one with: kubectl redismem -o json > FILE")
	}
	return r, nil
}
