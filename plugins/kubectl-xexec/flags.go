package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// flags mirror the command line; [flags.options] turns them into parsed options.
type flags struct {
	io   *streams.IO
	kube *kube.Flags

	selector, fieldSelector string
	all, allNamespaces      bool
	container               string
	stdin, tty, quiet       bool
	parallel                int
	timeout                 time.Duration
	output, prefix, color   string
	maxOutput               string
}

// Defaults of the flags that have one worth naming.
const (
	defaultParallel  = 32
	defaultMaxOutput = "1Mi"
	auto             = "auto"
	always           = "always"
	never            = "never"
)

const use = "xexec (POD | TYPE/NAME)... [flags] -- COMMAND [args...]"

const long = `Run a command in a pod, or in every pod of a workload or selector, and tell the truth about each.`

const example = `  # Run a command in one pod, exactly like kubectl exec
  kubectl xexec web-0 -- ls /tmp

  # Run it in every pod of a workload, output prefixed with the pod's name
  kubectl xexec deploy/web -- cat /proc/loadavg

  # Run it in all pods that a selector matches, 10 at a time, 5 seconds each
  kubectl xexec -n prod -l app=web --parallel 10 --timeout 5s -- nginx -t

  # Get every result with exit code, stdout and stderr as JSON
  kubectl xexec sts/db -o json -- df -h /data

  # Open a shell
  kubectl xexec -it web-0 -c app -- sh`

const details = `A TYPE/NAME stands for all pods of the workload: deploy, sts, ds, rs, job, cronjob,
svc and rc are known. Several targets may be named. Pods in which nothing can run
(not running, being deleted, without the container) are skipped and reported.

With one target, output, stdin and exit code pass through unchanged. With several,
lines are prefixed with the pod: "|" marks stdout, "!" stderr.

Stopping xexec (Ctrl-C, --timeout) ends the connection. The command in the
container may go on: Kubernetes offers no way to end it.

Connections use SPDY, over which no server on the way can make up a success, and
WebSockets where SPDY is refused. Where SPDY hangs (some proxies), set
KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true.

Exit codes:
    0  the command succeeded everywhere it ran
    1  it failed somewhere, or xexec itself failed
    2  the command line is wrong
    3  nothing matched, or nothing that matched could run it
    4  some results are lost, timed out or were denied
  124  the one target timed out
  130  interrupted
With one target, the remote command's own exit code in place of 0 and 1; 127 or 126
if its program does not exist or cannot be executed.`

func newCommand(io *streams.IO) *cobra.Command {
	f := &flags{io: io, kube: kube.NewFlags("kubectl-xexec/"+cli.Version().Version, io.Err)}
	cmd := &cobra.Command{
		Use:                   use,
		DisableFlagsInUseLine: true,
		Short:                 "Run a command in one pod or in many",
		Long:                  long,
		Example:               strings.ReplaceAll(example, "\n\n", "\n  \n"), // kubectl's rule: indent blank lines, too
		Annotations:           map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl xexec"},
		Args:                  cobra.ArbitraryArgs,
		ValidArgsFunction:     f.completeTarget,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options(args, cmd.ArgsLenAtDash())
			if err != nil {
				return err
			}
			return o.run(cmd.Context())
		},
	}
	own := f.own()
	connection := pflag.NewFlagSet("connection", pflag.ContinueOnError)
	f.kube.AddFlags(connection)
	if cache := connection.Lookup("cache-dir"); cache != nil {
		cache.Hidden = true // accepted as by kubectl, but nothing here is cached
	}
	cmd.Flags().AddFlagSet(own)
	cmd.Flags().AddFlagSet(connection)
	f.registerCompletion(cmd)
	cmd.AddCommand(cli.NewVersionCommand(io))
	setHelp(cmd, own, connection)
	return cmd
}

// own are the flags besides those of the connection.
func (f *flags) own() *pflag.FlagSet {
	fs := pflag.NewFlagSet("xexec", pflag.ContinueOnError)
	fs.StringVarP(&f.selector, "selector", "l", "", "run in the pods that match this label selector")
	fs.StringVar(&f.fieldSelector, "field-selector", "", "run in the pods that match this field selector, such as spec.nodeName=n1")
	fs.BoolVar(&f.all, "all", false, "run in every pod of the namespace")
	fs.BoolVarP(&f.allNamespaces, "all-namespaces", "A", false, "select in all namespaces; needs -l, --field-selector or --all")
	fs.StringVarP(&f.container, "container", "c", "", "container to run in: regular, init or ephemeral (default: as kubectl exec chooses)")
	fs.BoolVarP(&f.stdin, "stdin", "i", false, "pass stdin to the command; one target only")
	fs.BoolVarP(&f.tty, "tty", "t", false, "give the command a terminal, with -i; one target only")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print only what the command prints")
	fs.IntVar(&f.parallel, "parallel", defaultParallel, "most targets at once")
	fs.DurationVar(&f.timeout, "timeout", 0, "time limit of the command in each target, such as 30s (0: none)")
	fs.StringVarP(&f.output, "output", "o", "", "json for one report at the end, jsonl for one line as each result lands")
	fs.StringVar(&f.prefix, "prefix", auto, "prefix lines with the target: auto (with several targets), always or never")
	fs.StringVar(&f.maxOutput, "max-output", defaultMaxOutput, "most bytes of each stream that -o json and jsonl keep for a target (0: all)")
	fs.StringVar(&f.color, "color", auto, "colour the prefix: auto, always or never")
	return fs
}
