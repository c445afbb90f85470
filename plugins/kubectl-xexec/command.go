package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

const use = "xexec (POD | TYPE/NAME | -l SELECTOR)... [flags] -- COMMAND [args...]"

const long = `Run a command in one pod or a thousand, and know what happened in each.`

const example = `  # Run a command in one pod, exactly like kubectl exec
  kubectl xexec web-0 -- ls /tmp

  # Run it in every pod of a workload, output prefixed with the pod's name
  kubectl xexec deploy/web -- cat /proc/loadavg

  # Which of 200 pods differ? Show equal results once, then what differs
  kubectl xexec -n prod -l app=web --group -- sha256sum /etc/app.conf
  kubectl xexec -n prod -l app=web --diff -- cat /etc/app.conf

  # Carefully: 1 pod, then 10%, then the rest; stop after the second failure
  kubectl xexec sts/db --batch 1,10%,100% --max-failures 1 -- /opt/migrate

  # A local script with a secret, which no audit log and no process list shows
  kubectl xexec -l app=web --env TOKEN --script ./rotate.sh -- --force

  # Where did it fail? Run it again there
  kubectl xexec --rerun failed

  # Open the best shell there is
  kubectl xexec --shell web-0`

const details = `A TYPE/NAME stands for all pods of the workload: deploy, sts, ds, rs, job, cronjob,
svc and rc are known. Several targets may be named, also folded as --group shows
them: 'web-[0-41,43]'. Pods in which nothing can run
(not running, being deleted, without the container) are skipped and reported.

With one target, output, stdin and exit code pass through unchanged. With several,
lines are prefixed with the target: "|" marks stdout, "!" stderr. Lines longer than
64 KiB are shown in pieces.

A shell in the container supervises the command, unless it has a terminal (-t): it
proves how the command ended and that the output is complete, and ends it (SIGTERM,
after --grace SIGKILL) on --timeout, on Ctrl-C, and when this client disappears. A
command with -i is not ended when the client disappears: its input ends, as in a
pipe. Without sh in the image the command runs all the same; then its end is the API
server's word, and nobody ends it. --env, --workdir, --run-as and --script need sh.

Above 20 targets, or for several contexts, a person at the terminal is asked first.
Scripts are not asked; for several contexts they need --yes.

Connections use SPDY, over which no server on the way can make up a success, and
WebSockets where SPDY is refused. Where SPDY hangs (some proxies), set
KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true.

Exit codes:
    0  the command succeeded everywhere it ran
    1  it failed somewhere, or xexec itself failed
    2  the command line is wrong, or you declined
    3  nothing matched, or nothing that matched could run it
    4  some results are lost, timed out or were denied
  124  the one target timed out
  130  interrupted
With one target, the remote command's own exit code in place of 0 and 1; 127 or 126
if its program does not exist or cannot be executed. With several, --exit-code max
gives the largest of these, first that of the first target that did not succeed, and
none 0, unless it was interrupted or could run nowhere.`

func newCommand(io *streams.IO) *cobra.Command {
	f := &flags{io: io, kube: kube.NewFlags("kubectl-xexec/"+cli.Version().Version, io.Err)}
	cmd := &cobra.Command{
		Use:                   use,
		DisableFlagsInUseLine: true,
		Short:                 "Run a command in one pod or a thousand, and know what happened in each",
		Long:                  long,
		Example:               strings.ReplaceAll(example, "\n\n", "\n  \n"), // kubectl's rule: indent blank lines, too
		Annotations:           map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl xexec"},
		Args:                  cobra.ArbitraryArgs,
		ValidArgsFunction:     f.completeTarget,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options(args, cmd.ArgsLenAtDash())
			if err == nil {
				err = o.run(cmd.Context())
			}
			return f.withReport(err)
		},
	}
	connection := pflag.NewFlagSet("connection", pflag.ContinueOnError)
	f.kube.AddFlags(connection)
	makeList(connection, "namespace", &f.targets.namespaces)
	makeList(connection, "context", &f.targets.contexts)
	if cache := connection.Lookup("cache-dir"); cache != nil {
		cache.Hidden = true // accepted as by kubectl, but nothing here is cached
	}
	sections := f.sections()
	for _, s := range sections {
		cmd.Flags().AddFlagSet(s.Flags)
	}
	cmd.Flags().AddFlagSet(connection)
	f.registerCompletion(cmd)
	cmd.AddCommand(newRunsCommand(io), cli.NewVersionCommand(io))
	cli.SetHelp(cmd, cli.Help{
		Usage:    []string{"kubectl xexec runs [RUN]", "kubectl xexec version [-o json]"},
		Sections: sections, Details: details, Shared: connection,
	})
	cmd.SetFlagErrorFunc(f.flagError)
	return cmd
}
