package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// flags mirror the command line; [flags.options] turns them into parsed options.
type flags struct {
	io   *streams.IO
	kube *kube.Flags

	targets targetFlags
	command commandFlags
	control controlFlags
	output  outputFlags
	memory  memoryFlags

	reported bool // stdout has, or will get, what -o asks for
}

type targetFlags struct {
	namespaces, contexts              []string
	selector, fieldSelector           string
	nodes                             []string
	all, allNamespaces, allContainers bool
	container                         string
	containerRegexp, exceptContainer  string
	podRegexp, exceptPod              string
	pick                              int
	dryRun                            string
}

type commandFlags struct {
	stdin, tty, shell bool
	env               []string
	envFile, workdir  string
	runAs, script     string
	supervisor        string
	debugImage        string
	timeout, grace    time.Duration
	connectTimeout    time.Duration
}

type controlFlags struct {
	parallel, perNode int
	onePerWorkload    bool
	batch             string
	batchPause, ready time.Duration
	maxFailures       string
	failFast, yes     bool
	retries           int
	exitCode          string
}

type outputFlags struct {
	format, prefix, color string
	quiet, group, diff    bool
	overwrite             bool
	mask                  []string
	lines                 int
	dir, maxOutput        string
}

type memoryFlags struct {
	rerun, diffWith, journal string
}

// Values of flags that are worth a name, and defaults.
const (
	auto   = "auto"
	always = "always"
	never  = "never"
	none   = "none"
	client = "client"

	defaultParallel  = 32
	defaultPerNode   = 4
	defaultRetries   = 2
	defaultGrace     = 5 * time.Second
	defaultConnect   = 15 * time.Second
	defaultReady     = 2 * time.Minute
	defaultMaxOutput = "1Mi"
	defaultLines     = 40
)

// sections are the flags besides those of the connection, in the order of the
// help.
func (f *flags) sections() []cli.HelpSection {
	return []cli.HelpSection{
		{Title: "Where to run", Flags: f.targets.set()},
		{Title: "What to run", Flags: f.command.set()},
		{Title: "How to run it", Flags: f.control.set()},
		{Title: "What to show", Flags: f.output.set()},
		{Title: "Memory of runs", Flags: f.memory.set()},
	}
}

func newSet(name string) *pflag.FlagSet {
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	fs.SortFlags = false
	return fs
}

func (t *targetFlags) set() *pflag.FlagSet {
	fs := newSet("targets")
	fs.StringVarP(&t.selector, "selector", "l", "", "in the pods that match this label selector")
	fs.StringVar(&t.fieldSelector, "field-selector", "", "in the pods that match this field selector, such as status.podIP=10.0.0.7")
	fs.StringSliceVar(&t.nodes, "node", nil, "only in pods on these nodes")
	fs.BoolVar(&t.all, "all", false, "in every pod of the namespace")
	fs.BoolVarP(&t.allNamespaces, "all-namespaces", "A", false, "select in all namespaces; needs -l, --field-selector, --node or --all")
	fs.StringVar(&t.podRegexp, "pod-regexp", "", "only in pods whose name matches")
	fs.StringVar(&t.exceptPod, "exclude-pod", "", "not in pods whose name matches this regular expression")
	fs.StringVarP(&t.container, "container", "c", "", "container: regular, init or ephemeral (default: as kubectl exec chooses)")
	fs.StringVar(&t.containerRegexp, "container-regexp", "", "in every container whose name matches")
	fs.StringVar(&t.exceptContainer, "exclude-container", "", "not in containers whose name matches this regular expression")
	fs.BoolVar(&t.allContainers, "all-containers", false, "in every container of each pod, sidecars included")
	fs.IntVar(&t.pick, "pick", 0, "in so many of the pods, chosen at random (0: all)")
	fs.StringVar(&t.dryRun, "dry-run", none, `"client" prints the targets and runs nothing`)
	fs.Lookup("dry-run").NoOptDefVal = client
	return fs
}

func (c *commandFlags) set() *pflag.FlagSet {
	fs := newSet("command")
	fs.BoolVarP(&c.stdin, "stdin", "i", false, "pass stdin to the command; with several targets, to each of them")
	fs.BoolVarP(&c.tty, "tty", "t", false, "give the command a terminal, with -i; one target, a picker chooses among several")
	fs.BoolVar(&c.shell, "shell", false, "open the best shell that the container has; stands for -it and a command")
	fs.StringVar(&c.debugImage, "debug-image", "", "run in an ephemeral container with this image beside the target (it stays in the pod)")
	fs.StringVar(&c.script, "script", "", "run this local file; what follows -- are its arguments")
	fs.StringArrayVar(&c.env, "env", nil, "set NAME=VALUE for the command; NAME alone takes the value from here")
	fs.StringVar(&c.envFile, "env-file", "", "set the NAME=VALUE lines of this file for the command")
	fs.StringVar(&c.workdir, "workdir", "", "start the command in this directory")
	fs.StringVar(&c.runAs, "run-as", "", "run as this user of the container, if it runs as root (--user is kubectl's, for the kubeconfig)")
	fs.DurationVar(&c.timeout, "timeout", 0, "end the command after this time, such as 30s (0: never)")
	fs.DurationVar(&c.connectTimeout, "connect-timeout", defaultConnect, "give up on a connection that is not there by then (0: kubectl's patience)")
	fs.DurationVar(&c.grace, "grace", defaultGrace, "from SIGTERM to SIGKILL when a command is ended")
	fs.StringVar(&c.supervisor, "supervisor", auto, "prove the end of commands and end stopped ones by a shell in the container: auto (if it has one), always or never")
	return fs
}

func (c *controlFlags) set() *pflag.FlagSet {
	fs := newSet("control")
	fs.IntVar(&c.parallel, "parallel", defaultParallel, "most targets at once")
	fs.IntVar(&c.perNode, "per-node", defaultPerNode, "most targets at once on one node (0: no such limit)")
	fs.BoolVar(&c.onePerWorkload, "one-per-workload", false, "never in two pods of one workload at once")
	fs.StringVar(&c.batch, "batch", "", "run in waves of these sizes, such as 1,10%,100%; the last one repeats")
	fs.DurationVar(&c.batchPause, "batch-pause", 0, "wait so long between waves")
	fs.DurationVar(&c.ready, "batch-ready", defaultReady, "between waves wait at most so long until the pods are Ready again (0: do not look)")
	fs.StringVar(&c.maxFailures, "max-failures", "", "start no more once more than N, or N%, of the targets have failed")
	fs.BoolVar(&c.failFast, "fail-fast", false, "start no more after the first failure")
	fs.IntVar(&c.retries, "retries", defaultRetries, "most further attempts where it is certain that nothing has started")
	fs.StringVar(&c.exitCode, "exit-code", "any", "of several targets: any, max, first or none")
	fs.BoolVarP(&c.yes, "yes", "y", false, "do not ask")
	return fs
}

func (o *outputFlags) set() *pflag.FlagSet {
	fs := newSet("output")
	fs.StringVarP(&o.format, "output", "o", "", "json, yaml, jsonl (a line as each result lands), table or name")
	fs.BoolVar(&o.group, "group", false, "show equal results once, with the names of their targets")
	fs.BoolVar(&o.diff, "diff", false, "show how results differ from those of the largest group")
	fs.StringSliceVar(&o.mask, "mask", nil, "overlook these when comparing: time, pid, duration, hex, uuid or all; the pod's own name, UID, IP and node always are")
	fs.IntVar(&o.lines, "lines", defaultLines, "most lines of a group or a difference (0: all)")
	fs.StringVar(&o.dir, "output-dir", "", "write each target's output to files in this directory, too, which must be new or empty")
	fs.BoolVar(&o.overwrite, "overwrite", false, "let --output-dir replace the files of an earlier run")
	fs.StringVar(&o.maxOutput, "max-output", defaultMaxOutput, "most bytes of each stream that -o json, yaml and jsonl keep for a target (0: all)")
	fs.StringVar(&o.prefix, "prefix", auto, "prefix lines with the target: auto (with several targets), always or never")
	fs.StringVar(&o.color, "color", auto, "colour: auto, always or never")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "print only what the command prints")
	return fs
}

func (m *memoryFlags) set() *pflag.FlagSet {
	fs := newSet("memory")
	fs.StringVar(&m.rerun, "rerun", "", "run where an earlier run ended so: failed, lost, timeout, denied, not-started, skipped, not-ok or all; RUN in place of the targets names it (default: the last)")
	fs.StringVar(&m.diffWith, "diff-with", "", "show what changed since this run; \"last\" is the last one")
	fs.StringVar(&m.journal, "journal", "results", "what to remember of this run: results, output (the beginning of it, too) or none")
	return fs
}
