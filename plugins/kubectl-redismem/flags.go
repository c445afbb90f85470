package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/analysis"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/scan"
)

// flags mirror the command line; [flags.options] turns them into parsed options.
type flags struct {
	io   *streams.IO
	kube *kube.Flags
	set  *pflag.FlagSet // all of them, and which were given

	addr, container        string
	port, db               int
	from                   string
	username, passwordFile string
	tls                    tlsFlags

	groups      []string
	separators  string
	depth, top  int
	sort        string
	count       int
	connections int
	samples     string
	sample      string
	maxCPU      string
	maxLatency  time.Duration
	output      string
	watch       time.Duration
	owners      time.Duration
	quiet, noHd bool
}

type tlsFlags struct {
	on, skipVerify                  bool
	caFile, certFile, keyFile, name string
}

const (
	defaultTop         = 25
	defaultConnections = 2
)

func newCommand(io *streams.IO) *cobra.Command {
	f := &flags{io: io, kube: kube.NewFlags("kubectl-redismem/"+cli.Version().Version, io.Err)}
	cmd := &cobra.Command{
		Use:                   use,
		DisableFlagsInUseLine: true,
		Short:                 "Show which keys take how much memory of a Redis",
		Long:                  long,
		Example:               example,
		Annotations:           map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl redismem"},
		Args:                  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options(args)
			if err != nil {
				return err
			}
			return o.run(cmd.Context())
		},
	}
	own := f.own()
	connection := pflag.NewFlagSet("connection", pflag.ContinueOnError)
	f.kube.AddFlags(connection)
	cmd.Flags().AddFlagSet(own)
	cmd.Flags().AddFlagSet(connection)
	cmd.AddCommand(newListCommand(f, own, connection), newKeysCommand(f, own, connection), newDiffCommand(io), cli.NewVersionCommand(io))
	cli.SetHelp(cmd, cli.Help{
		Usage: []string{
			"kubectl redismem list [flags]", "kubectl redismem keys PATTERN [POD | TYPE/NAME] [flags]",
			"kubectl redismem diff BEFORE AFTER [flags]", "kubectl redismem version [-o json]",
		},
		Sections: []cli.HelpSection{{Title: "Flags", Flags: own}}, Details: details, Shared: connection,
	})
	f.set = cmd.Flags()
	return cmd
}

// own are the flags besides those of the connection to the cluster.
func (f *flags) own() *pflag.FlagSet {
	fs := pflag.NewFlagSet("redismem", pflag.ContinueOnError)
	fs.StringVarP(&f.container, "container", "c", "", "container that runs the server (default: the one that looks like it)")
	fs.IntVar(&f.port, "port", 0, "port of the server in the pod, or of the service (default: the one that looks like it)")
	fs.StringVar(&f.addr, "addr", "", "connect to `HOST:PORT` directly, without a cluster")
	fs.StringVar(&f.from, "from", string(redisconn.PreferReplica), "node of each shard to read from if it is fit: replica, primary")
	fs.IntVar(&f.db, "db", redisconn.AllDatabases, "number of the only database to scan (default: all that have keys)")
	fs.StringArrayVar(&f.groups, "group", nil, "make a group of exactly the keys that match this `GLOB`, such as 'BOOK-*'; repeatable, the first that matches counts")
	fs.StringVar(&f.separators, "separators", "", fmt.Sprintf("`CHARACTERS` that end a part of a key (default %q)", pattern.DefaultSeparators))
	fs.IntVar(&f.depth, "depth", 0, "parts of a key that are looked at (0: all)")
	fs.IntVar(&f.top, "top", defaultTop, "groups to show; the rest is summed up as other (0: all)")
	fs.StringVar(&f.sort, "sort", orders[0], "order of the groups: "+join(orders))
	fs.StringVarP(&f.output, "output", "o", render.Table, "output format: "+join(render.Formats))
	fs.DurationVar(&f.watch, "watch", 0, "count again and again, `EVERY` so often, and show how fast groups grow; --watch alone is every 10s")
	fs.Lookup("watch").NoOptDefVal = "10s"
	fs.DurationVar(&f.owners, "owners", 0, "watch with MONITOR who uses which keys, for a `TIME`, which costs the server; --owners alone is 10s")
	fs.Lookup("owners").NoOptDefVal = "10s"
	fs.BoolVar(&f.noHd, "no-headers", false, "leave out the table's header")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "no progress and no summary on stderr")
	fs.IntVar(&f.count, "count", scan.DefaultCount, "keys that each SCAN asks for; more is faster and holds up the server longer")
	fs.StringVar(&f.maxCPU, "max-cpu", "auto", "share of one CPU of each server that the scan's commands may take, such as 10%; auto: 15% while others use the server; none")
	fs.DurationVar(&f.maxLatency, "max-latency", 0, "how much later than before the server may answer others meanwhile (default: 2ms or half, while others use it)")
	fs.IntVar(&f.connections, "connections", defaultConnections, "connections to each server that read at the same time, where its version allows it: 1, 2, 4, 8")
	fs.StringVar(&f.sample, "sample", analysis.Auto, "auto, off: ask for every size, sizes: name all keys and size a part, keys: read random keys for 2 s; auto is off up to 5 million keys, then sizes")
	fs.StringVar(&f.samples, "samples", "default", "elements of a collection that its size is estimated from: a number, or all, which is exact and holds up the server at big ones")
	fs.StringVar(&f.username, "username", "", "ACL user (default: the server's default user)")
	fs.StringVar(&f.passwordFile, "password-file", "", "read the password from this `FILE`, - for stdin (default: from where the pod has it)")
	fs.BoolVar(&f.tls.on, "tls", false, "speak TLS to the server; the other --tls flags imply it")
	fs.StringVar(&f.tls.caFile, "tls-ca-file", "", "`FILE` with the CA's certificates that sign the server's")
	fs.StringVar(&f.tls.name, "tls-name", "", "`NAME` that the server's certificate must be valid for")
	fs.StringVar(&f.tls.certFile, "tls-cert-file", "", "`FILE` with the client certificate")
	fs.StringVar(&f.tls.keyFile, "tls-key-file", "", "`FILE` with the client certificate's key")
	fs.BoolVar(&f.tls.skipVerify, "tls-skip-verify", false, "do not check the server's certificate")
	return fs
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}
