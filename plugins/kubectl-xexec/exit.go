package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/shell"
)

// conclude says how the run ended and with which exit code. A single target ends
// as kubectl exec does, several with a summary.
func (o *options) conclude(results []engine.Result, code int, took time.Duration, interrupted bool) error {
	switch {
	case len(results) > 1:
		o.summarize(results, took)
		return cli.Exit(code)
	case interrupted:
		if text := o.remains(results); text != "" && results[0].Left != engine.LeftEnded {
			o.say(text)
		}
		return cli.Exit(code)
	case results[0].Outcome == podexec.OK:
		if results[0].Reason != "" {
			o.say(results[0].Reason)
		}
		return cli.Exit(code)
	case results[0].Outcome == podexec.Failed && results[0].ExitCode != engine.Unknown:
		fmt.Fprintf(o.io.Err, "command terminated with exit code %d\n", results[0].ExitCode)
		if lingering(results) > 0 {
			o.say(supervise.Lingering)
		}
		return cli.Exit(code)
	}
	return cli.WithCode(o.singleError(results[0]), code)
}

func (o *options) singleError(r engine.Result) error {
	t := r.Target
	why := strings.TrimSpace(r.Why())
	switch r.Outcome {
	case engine.Skipped:
		return r.Err
	case podexec.Timeout:
		return hint.With(fmt.Errorf("the command in pod %q did not end within %s", t.Pod, o.flags.command.timeout), o.leftHint(r, "--timeout sets the limit"))
	case podexec.Lost:
		return hint.With(fmt.Errorf("lost the command in pod %q: %s", t.Pod, why), o.leftHint(r, "its exit code is not known"))
	case podexec.Denied:
		return hint.With(fmt.Errorf("not allowed to run a command in pod %q: %s", t.Pod, why), o.deniedHint(r))
	case podexec.NotStarted:
		return o.notStarted(r, why)
	}
	return fmt.Errorf("the command in pod %q failed: %s", t.Pod, why)
}

// leftHint says what may be left of a command.
func (o *options) leftHint(r engine.Result, more string) string {
	switch r.Left {
	case engine.LeftEnded:
		return "nothing of it is left in the container; " + more
	case engine.LeftEnding:
		return fmt.Sprintf("what is left of it in the container will be over within %s; %s", o.flags.command.grace, more)
	}
	if r.Outcome == podexec.Lost {
		return "it may have ended or may still be running in the container; " + more
	}
	return "it may still be running in the container; " + more
}

func (o *options) deniedHint(r engine.Result) string {
	if text := hint.Of(r.Err); text != "" {
		return text
	}
	args := append([]string{"-n", r.Target.Namespace}, o.clusterOf(r.Target).flags.Args()...)
	return "check your permission with: kubectl auth can-i create pods --subresource=exec " + strings.Join(args, " ")
}

// notFound is the exit code that shells, and with them podexec, give for a program
// that does not exist.
const notFound = 127

func (o *options) notStarted(r engine.Result, why string) error {
	if o.flags.command.shell {
		if err := shell.Explain(podexec.Result{Outcome: r.Outcome, ExitCode: r.ExitCode}, r.Target.Container); err != nil {
			return err
		}
	}
	err := fmt.Errorf("the command did not start in pod %q: %s", r.Target.Pod, why)
	if r.ExitCode == notFound && o.command.Script != nil {
		return hint.With(err, "the script's first line names its interpreter: name one that the container has, such as #!/bin/sh")
	}
	if r.ExitCode == notFound {
		return hint.With(err, fmt.Sprintf("container %q has no %q; --debug-image IMAGE runs it in a container beside, which stays in the pod", r.Target.Container, o.program()))
	}
	if text := hint.Of(r.Err); text != "" {
		return hint.With(err, text)
	}
	return hint.With(err, hint.Of(kube.Explain(r.Err)))
}
