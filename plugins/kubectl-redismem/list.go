package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/locate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
)

const listLong = `List the Redis-like servers of a namespace, what belongs together, where their
passwords come from, and which pods a scan would burden. Nothing is scanned.`

const listExample = `  # What is there, and which pods would be scanned
  kubectl redismem list -n prod

  # In all namespaces, for a program
  kubectl redismem list -A -o json`

// sharedFlags are those of the root command that mean the same for list.
var sharedFlags = []string{"container", "port", "username", "password-file", "quiet", "no-headers",
	"tls", "tls-ca-file", "tls-name", "tls-cert-file", "tls-key-file", "tls-skip-verify"}

// listFlags are those of list alone.
type listFlags struct {
	everywhere bool
	output     string
	from       string
}

// newListCommand makes the verb list; own and connection are the root's flags, of
// which it shares some.
func newListCommand(f *flags, own, connection *pflag.FlagSet) *cobra.Command {
	l := &listFlags{}
	cmd := &cobra.Command{
		Use: "list [POD | TYPE/NAME] [flags]", DisableFlagsInUseLine: true,
		Short: "List the Redis servers that are there, and how they would be scanned",
		Long:  listLong, Example: listExample, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := l.check(args); err != nil {
				return err
			}
			f.set = cmd.Flags()
			o, err := f.options(args)
			if err != nil {
				return err
			}
			return withCode(o.list(cmd.Context(), l))
		},
	}
	for _, name := range sharedFlags {
		if flag := own.Lookup(name); flag != nil {
			cmd.Flags().AddFlag(flag)
		}
	}
	cmd.Flags().BoolVarP(&l.everywhere, "all-namespaces", "A", false, "look in all namespaces")
	cmd.Flags().StringVarP(&l.output, "output", "o", render.Table, "output format: "+join(listFormats))
	cmd.Flags().StringVar(&l.from, "from", string(redisconn.PreferReplica), "node of each shard to scan if it is fit: replica, primary")
	cmd.Flags().AddFlagSet(connection)
	return cmd
}

func (l *listFlags) check(args []string) error {
	switch {
	case l.everywhere && len(args) > 0:
		return cli.Usagef("-A and %q exclude each other", args[0])
	case !slices.Contains(listFormats, l.output):
		return cli.Usagef("unknown output format %q: use one of %s", l.output, join(listFormats))
	case l.from != string(redisconn.PreferReplica) && l.from != string(redisconn.PreferPrimary):
		return cli.Usagef("--from %q: use replica or primary", l.from)
	}
	return nil
}

// list asks namespace after namespace. One that cannot be looked into does not
// hide the others.
func (o *options) list(ctx context.Context, l *listFlags) error {
	namespaces, err := o.namespaces(ctx, l.everywhere)
	if err != nil {
		return err
	}
	items, partial := []listItem{}, false
	for _, ns := range namespaces {
		r, err := o.request(ns)
		if err != nil {
			return err
		}
		found, skipped, err := locate.All(ctx, *r)
		switch {
		case ctx.Err() != nil:
			return cli.Exit(cli.ExitInterrupted)
		case err != nil && len(namespaces) == 1:
			return err
		case err != nil:
			partial = true
			fmt.Fprintf(o.io.Err, "warning: namespace %q: %s\n", ns, streams.SanitizeLine(err.Error()))
		case len(found) == 0 && len(namespaces) == 1:
			return r.Nothing(skipped)
		}
		o.tellSkipped(ns, skipped)
		for _, d := range found {
			o.tellNotes(ns, d)
			items = append(items, listed(ns, d, redisconn.Preference(l.from)))
		}
	}
	if err := o.printList(items, l); err != nil {
		return err
	}
	if partial {
		return cli.Exit(cli.ExitPartial)
	}
	return nil
}

func (o *options) tellSkipped(namespace string, skipped []redisconn.Skipped) {
	if o.quiet {
		return
	}
	for _, s := range skipped {
		fmt.Fprintf(o.io.Err, "note: pod %s in namespace %q: %s\n", s.Pod, namespace, streams.SanitizeLine(s.Reason))
	}
}

func (o *options) tellNotes(namespace string, d *redisconn.Deployment) {
	for _, n := range d.Notes {
		if !o.quiet {
			fmt.Fprintf(o.io.Err, "note: %s in namespace %q: %s\n", d.Name, namespace, streams.SanitizeLine(n))
		}
	}
}

// namespaces are those with pods, or the one that is meant.
func (o *options) namespaces(ctx context.Context, all bool) ([]string, error) {
	if !all {
		ns, err := o.kube.Namespace()
		return []string{ns}, err
	}
	client, err := o.kube.Client()
	if err != nil {
		return nil, err
	}
	const pageSize = 500
	var out []string
	for opts := (metav1.ListOptions{Limit: pageSize}); ; {
		page, err := client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, opts)
		if err != nil {
			return nil, fmt.Errorf("listing the pods of all namespaces: %w", err)
		}
		found, _ := redisconn.Candidates(page.Items)
		for _, c := range found {
			out = append(out, c.Pod.Namespace)
		}
		if opts.Continue = page.Continue; opts.Continue == "" {
			break
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// request prepares a search in a namespace, with a dialer of its own.
func (o *options) request(namespace string) (*locate.Request, error) {
	cfg, err := o.kube.Config()
	if err != nil {
		return nil, err
	}
	client, err := o.kube.Client()
	if err != nil {
		return nil, err
	}
	dialer, err := podconn.New(cfg, namespace, podconn.Client(client))
	if err != nil {
		return nil, err
	}
	return &locate.Request{
		Client: client, Namespace: namespace, Ref: o.ref, Container: o.container, Port: o.port, Command: again(o.set, namespace),
		Finder: &redisconn.Finder{
			Client: client, Username: o.username, ServerName: o.serverName(namespace), Endpoint: func() *redisconn.Endpoint { return o.endpoint(o.serverName(namespace)) },
			Dialer: func(pod string, port int) redisconn.DialFunc {
				return dialer.To(fmt.Sprintf("%s/%s:%d", resolve.Pod, pod, port))
			},
		},
	}, nil
}
