package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
)

// lastRun stands for the newest run.
const lastRun = "last"

func newRunsCommand(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use: "runs [flags]", Short: "List earlier runs of apply, which can be resumed or restored", Args: cobra.NoArgs,
		DisableFlagsInUseLine: true,
		RunE: func(*cobra.Command, []string) error {
			if err := f.check(render.ResultFormats); err != nil {
				return err
			}
			dir, err := backup.DefaultDir()
			if err != nil {
				return err
			}
			runs, err := backup.List(dir)
			if err != nil {
				return err
			}
			if len(runs) == 0 && f.show.output == render.Table && !f.io.Quiet {
				fmt.Fprintln(f.io.Err, "no runs are remembered")
			}
			return render.Runs(f.io.Out, f.show.output, runs, f.resultOptions())
		},
	}
	cmd.Flags().AddFlagSet(f.show.set(render.ResultFormats))
	f.complete(cmd)
	return cmd
}

func (f *flags) resultOptions() render.ResultOptions {
	return render.ResultOptions{Width: f.io.Width(), NoHeaders: f.show.noHeaders, Now: time.Now()}
}

// runDir is the folder of a run: of its name, a path, or of the newest one that is meant
// by last.
func runDir(name string, last func([]backup.Run) (*backup.Run, error)) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return name, nil
	}
	dir, err := backup.DefaultDir()
	if err != nil {
		return "", err
	}
	runs, err := backup.List(dir)
	if err != nil {
		return "", err
	}
	if name == lastRun && len(runs) > 0 {
		r, err := last(runs)
		if err != nil {
			return "", err
		}
		return r.Dir, nil
	}
	for _, r := range runs {
		if r.Name == name {
			return r.Dir, nil
		}
	}
	return "", noRun(fmt.Errorf("there is no run %q", name))
}

func noRun(err error) error {
	return cli.WithCode(hint.With(err, "kubectl regprune runs lists them"), cli.ExitNothing)
}

func newest(runs []backup.Run) (*backup.Run, error) { return &runs[0], nil }

// undoable is the folder of a run to undo. The last one is the newest that has deleted
// something, and the user is told which that is.
func (f *flags) undoable(name string) (string, error) {
	return runDir(name, func(runs []backup.Run) (*backup.Run, error) {
		i := slices.IndexFunc(runs, backup.Run.Deleted)
		if i < 0 {
			return nil, noRun(errors.New("there is nothing to undo: no run has deleted anything"))
		}
		if !f.io.Quiet {
			fmt.Fprintf(f.io.Err, "the last run that deleted something: %s\n", runs[i].Name)
		}
		return &runs[i], nil
	})
}
