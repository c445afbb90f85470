package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/analysis"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/keys"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
)

const keysLong = `Show the biggest keys that match a pattern, such as one that a report names: what they
are, how many elements they have, when they expire, and how long nobody used them.`

const keysExample = `  # The biggest keys of a prefix
  kubectl redismem keys 'session:*:cart' -n prod

  # The hundred biggest of all, for redis-cli
  kubectl redismem keys '*' -n prod svc/redis --top 100 -o name`

// keysFlags are those of keys alone.
type keysFlags struct {
	top    int
	output string
}

const defaultKeys = 20

// maxKeys bounds what is kept and asked one by one.
const maxKeys = 10_000

// newKeysCommand makes the verb keys; own and connection are the root's flags, of
// which it shares some.
func newKeysCommand(f *flags, own, connection *pflag.FlagSet) *cobra.Command {
	k := &keysFlags{}
	cmd := &cobra.Command{
		Use: "keys PATTERN [POD | TYPE/NAME] [flags]", DisableFlagsInUseLine: true,
		Short: "Show the biggest keys that match a pattern",
		Long:  keysLong, Example: keysExample, Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := k.check(args); err != nil {
				return err
			}
			f.set = cmd.Flags()
			o, err := f.options(args[1:])
			if err != nil {
				return err
			}
			return o.keys(cmd.Context(), k, pattern.NewGlob(args[0]))
		},
	}
	for _, name := range append([]string{"addr", "db", "count", "from", "max-cpu", "max-latency"}, sharedFlags...) {
		if flag := own.Lookup(name); flag != nil {
			cmd.Flags().AddFlag(flag)
		}
	}
	cmd.Flags().IntVar(&k.top, "top", defaultKeys, "keys to show")
	cmd.Flags().StringVarP(&k.output, "output", "o", render.Table, "output format: "+join(keysFormats))
	cmd.Flags().AddFlagSet(connection)
	return cmd
}

func (k *keysFlags) check(args []string) error {
	switch {
	case len(args) == 0, args[0] == "":
		return cli.Usagef("no pattern given, such as 'session:*'")
	case len(args) > 2:
		return cli.Usagef("%d arguments given, at most a pattern and a target are possible: %s", len(args), strings.Join(args, " "))
	case k.top < 1 || k.top > maxKeys:
		return cli.Usagef("--top %d is out of range: use 1 to %d", k.top, maxKeys)
	case !slices.Contains(keysFormats, k.output):
		return cli.Usagef("unknown output format %q: use one of %s", k.output, join(keysFormats))
	}
	return nil
}

// keys finds and shows them. What could not be looked at ends in exit code 4.
func (o *options) keys(ctx context.Context, k *keysFlags, match pattern.Glob) error {
	s, err := o.find(ctx)
	if err != nil {
		return o.failed(ctx, analysis.ExplainRefusal(err))
	}
	servers := make([]*redisconn.Endpoint, len(s.Nodes))
	for i, n := range s.Nodes {
		servers[i] = n.Endpoint
	}
	progress := streams.NewProgress(o.io, "searching", "keys")
	list, err := keys.Find(ctx, servers, keys.Options{
		Match: match, DB: o.analysis.DB, Count: o.analysis.Count, Limits: o.analysis.Limits, Top: k.top, Progress: progress.Update,
	})
	progress.Clear()
	if err != nil && list.Matched == 0 && len(list.Reasons) == len(servers) {
		return o.failed(ctx, analysis.ExplainRefusal(err))
	}
	list.Source = s.Source
	for _, missing := range s.Missing {
		list.Complete, list.Reasons = false, append(list.Reasons, missing)
	}
	if err := o.printKeys(list, k.output); err != nil {
		return err
	}
	return o.concludeKeys(ctx, list)
}

// concludeKeys says how it went, on stderr, and returns the exit code.
func (o *options) concludeKeys(ctx context.Context, l *keys.List) error {
	if !o.quiet {
		fmt.Fprintf(o.io.Err, "%d keys match, %s together\n", l.Matched, output.Bytes(l.Bytes))
		if l.Matched == 0 && l.Complete && !strings.ContainsAny(l.Pattern, "*?[") {
			fmt.Fprintf(o.io.Err, "hint: for all keys that begin so: %s\n", kube.Quote(streams.SanitizeLine(l.Pattern+"*")))
		}
	}
	for _, why := range l.Reasons {
		fmt.Fprintf(o.io.Err, "missing: %s\n", streams.SanitizeLine(why))
	}
	if l.Unreadable > 0 {
		fmt.Fprintf(o.io.Err, "warning: the server told no size of %d keys (%s); they may be bigger\n", l.Unreadable, refusals(l.Refusals))
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(o.io.Err, "interrupted: there may be bigger keys than these")
		return cli.Exit(cli.ExitInterrupted)
	case !l.Complete || l.Unreadable > 0:
		return cli.Exit(cli.ExitPartial)
	}
	return nil
}
