package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/usage"
)

const duLong = `Show what takes the space: per repository and image what it needs, what it needs alone,
and what it shares. Space that is shared is freed only when all of its users go.`

const duExample = `  # By repository
  kubectl regprune du -n registry

  # The twenty images that would free most
  kubectl regprune du -n registry --images --top 20

  # As a page, with a map to zoom into
  kubectl regprune du -n registry -o html > registry.html`

func newDUCommand(f *flags) *cobra.Command {
	images, top := false, 0
	cmd := &cobra.Command{
		Use: "du [TYPE/NAME] [flags]", Short: "Show what takes the registry's space", Long: duLong, Example: duExample, Args: cobra.MaximumNArgs(1), SuggestFor: []string{"size", "usage"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(render.UsageFormats); err != nil {
				return err
			}
			s, err := f.connect(cmd.Context(), args)
			if err != nil {
				return f.interrupted(cmd.Context(), err)
			}
			g, err := s.look(cmd.Context(), nil)
			if err != nil {
				return f.interrupted(cmd.Context(), err)
			}
			o := render.UsageOptions{Width: f.io.Width(), NoHeaders: f.show.noHeaders, Images: images, Top: top, Now: time.Now()}
			if err := render.Usage(f.io.Out, f.show.output, usage.Of(g, s.name), o); err != nil {
				return err
			}
			s.tell()
			return nil
		},
	}
	own := newSet("du")
	own.BoolVar(&images, "images", false, "list images, too")
	own.IntVar(&top, "top", 0, "repositories and images to list (0: all)")
	return f.verb(cmd, own, f.reach.set(), f.read.set(), f.show.set(render.UsageFormats))
}
