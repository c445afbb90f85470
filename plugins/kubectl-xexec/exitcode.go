package main

import (
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// exitPolicy is how the ends of several targets become one exit code.
type exitPolicy string

const (
	exitAny   exitPolicy = "any"   // 0 only if all went well; 1: some failed; 4: of some the end is unknown
	exitMax   exitPolicy = "max"   // the largest code, as clush -S has it
	exitFirst exitPolicy = "first" // the code of the first target, in the order of the list, that did not end well
	exitNone  exitPolicy = "none"  // 0, whatever became of the commands
)

var exitPolicies = []exitPolicy{exitAny, exitMax, exitFirst, exitNone}

func parseExitPolicy(text string) (exitPolicy, error) {
	names := make([]string, 0, len(exitPolicies))
	for _, p := range exitPolicies {
		if string(p) == text {
			return p, nil
		}
		names = append(names, string(p))
	}
	return "", fmt.Errorf("reading the exit code policy %q: it is none of %s", text, strings.Join(names, ", "))
}

// exitCode condenses the results. Whatever the policy, an interrupted run ends with
// 130, and one in which every pod was skipped with 3: none of them speaks for
// commands that nobody ran. Skipped pods do not count otherwise.
func exitCode(results []engine.Result, policy exitPolicy, interrupted bool) int {
	switch {
	case interrupted:
		return cli.ExitInterrupted
	case allSkipped(results):
		return cli.ExitNothing
	case policy == exitNone:
		return cli.ExitOK
	case policy == exitMax:
		return maxCode(results)
	case policy == exitFirst:
		return firstCode(results)
	}
	return anyCode(results)
}

func allSkipped(results []engine.Result) bool {
	for _, r := range results {
		if r.Outcome != engine.Skipped {
			return false
		}
	}
	return true
}

// anyCode is the policy any. A single target passes its code through. With several,
// an unknown result weighs more than a known failure: who reads 1 may rely on
// knowing all there is to know. Skipped pods make a target one of several: which
// code comes through must not hang on how many replicas happen to be ready.
func anyCode(results []engine.Result) int {
	if len(results) == 1 {
		return singleCode(results[0])
	}
	code := cli.ExitOK
	for _, r := range results {
		switch r.Outcome {
		case podexec.OK, engine.Skipped:
		case podexec.Failed, podexec.NotStarted:
			code = max(code, cli.ExitFailed)
		default:
			code = max(code, cli.ExitPartial)
		}
	}
	return code
}

func maxCode(results []engine.Result) int {
	code := cli.ExitOK
	for _, r := range results {
		if r.Outcome != engine.Skipped {
			code = max(code, singleCode(r))
		}
	}
	return code
}

func firstCode(results []engine.Result) int {
	for _, r := range results {
		if r.Outcome != engine.Skipped && r.Outcome != podexec.OK {
			return singleCode(r)
		}
	}
	return cli.ExitOK
}

// singleCode passes the remote exit code through. A code that a process here
// cannot end with (Windows containers have 32-bit codes, of which a Unix parent
// sees the last 8 bits) becomes 1, lest 256 turn into success. Where there is no
// remote code, it is 1 for what did not start, 4 for what is lost or was denied,
// and 124 for what ran out of time.
func singleCode(r engine.Result) int {
	switch r.Outcome {
	case podexec.OK:
		return cli.ExitOK
	case podexec.Failed:
		if r.ExitCode > 0 && r.ExitCode <= 255 {
			return r.ExitCode
		}
		return cli.ExitFailed
	case podexec.NotStarted:
		return max(r.ExitCode, cli.ExitFailed) // 126 or 127, as shells have it, or nothing known
	case podexec.Timeout:
		return cli.ExitTimeout
	case engine.Skipped:
		return cli.ExitNothing
	}
	return cli.ExitPartial
}
