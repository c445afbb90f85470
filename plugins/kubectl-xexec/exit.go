package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// conclude says how the run ended and with which exit code. A single target ends
// as kubectl exec does, several with a summary.
func (o *options) conclude(results []engine.Result, took time.Duration, interrupted bool) error {
	code := exitCode(results, exitAny, interrupted)
	switch {
	case len(results) > 1:
		o.summarize(results, took)
		return cli.Exit(code)
	case interrupted || results[0].Outcome == podexec.OK:
		return cli.Exit(code)
	case results[0].Outcome == podexec.Failed && results[0].ExitCode != engine.Unknown:
		fmt.Fprintf(o.io.Err, "command terminated with exit code %d\n", results[0].ExitCode)
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
		return hint.With(fmt.Errorf("the command in pod %q did not end within %s", t.Pod, o.timeout),
			"it may still be running in the container; --timeout sets the limit")
	case podexec.Lost:
		return hint.With(fmt.Errorf("lost the command in pod %q: %s", t.Pod, why),
			"it may have ended or may still be running in the container; its exit code is not known")
	case podexec.Denied:
		return hint.With(fmt.Errorf("not allowed to run a command in pod %q: %s", t.Pod, why), deniedHint(r))
	case podexec.NotStarted:
		return hint.With(fmt.Errorf("the command did not start in pod %q: %s", t.Pod, why), notStartedHint(r, o.command[0]))
	}
	return fmt.Errorf("the command in pod %q failed: %s", t.Pod, why)
}

func deniedHint(r engine.Result) string {
	if text := hint.Of(r.Err); text != "" {
		return text
	}
	return fmt.Sprintf("check your permission with: kubectl auth can-i create pods --subresource=exec -n %s", r.Target.Namespace)
}

// notFound is the exit code that shells, and with them podexec, give for a program
// that does not exist.
const notFound = 127

func notStartedHint(r engine.Result, program string) string {
	if r.ExitCode == notFound {
		return fmt.Sprintf("container %q has no %q; a debug container beside it may help: kubectl debug -it %s -n %s --image=busybox --target=%s",
			r.Target.Container, program, r.Target.Pod, r.Target.Namespace, r.Target.Container)
	}
	return hint.Of(r.Err)
}
