package main

import (
	"fmt"
	"path/filepath"
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
			return render.Runs(f.io.Out, f.show.output, runs, f.resultOptions())
		},
	}
	cmd.Flags().AddFlagSet(f.show.set(render.ResultFormats))
	complete(cmd)
	return cmd
}

func (f *flags) resultOptions() render.ResultOptions {
	return render.ResultOptions{Width: f.io.Width(), NoHeaders: f.show.noHeaders, Now: time.Now()}
}

// runDir is the folder of a run: of its name, of the last one, or a path.
func runDir(name string) (string, error) {
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
	for _, r := range runs {
		if r.Name == name || name == lastRun {
			return r.Dir, nil
		}
	}
	return "", cli.WithCode(hint.With(fmt.Errorf("there is no run %q", name), "kubectl regprune runs lists them"), cli.ExitNothing)
}
