package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/render"
)

func newListCommand(f *flags) *cobra.Command {
	everywhere := false
	cmd := &cobra.Command{
		Use: "list [flags]", Short: "List the registries in the cluster, and what speaks for each", Args: cobra.NoArgs, SuggestFor: []string{"ls", "get"},
		Example: "  # In all namespaces\n  kubectl regprune list -A",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(render.ListFormats); err != nil {
				return err
			}
			namespace, err := f.kube.Namespace()
			if err != nil {
				return err
			}
			client, err := f.kube.Client()
			if err != nil {
				return err
			}
			found, err := locate.All(cmd.Context(), client, locate.Query{Namespace: namespace, AllNamespaces: everywhere})
			if err != nil {
				return f.interrupted(cmd.Context(), err)
			}
			for _, unread := range found.Unread {
				fmt.Fprintf(f.io.Err, "note: %s\n", streams.SanitizeLine(unread))
			}
			if len(found.Candidates) == 0 && found.Outside == nil {
				fmt.Fprintln(f.io.Err, "no registry found")
				return cli.Exit(cli.ExitNothing)
			}
			return render.Registries(f.io.Out, f.show.output, found, f.resultOptions())
		},
	}
	own := newSet("list")
	own.BoolVarP(&everywhere, "all-namespaces", "A", false, "look in all namespaces")
	return f.verb(cmd, own, f.show.set(render.ListFormats))
}
