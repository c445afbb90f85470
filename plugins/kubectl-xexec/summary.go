package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// maxRows is how many targets that did not succeed the summary lists.
const maxRows = 20

// allOutcomes in the order in which people hear of them.
var allOutcomes = []podexec.Outcome{podexec.OK, podexec.Failed, podexec.Timeout, podexec.Lost, podexec.NotStarted, podexec.Denied, engine.Skipped}

// summarize tells people on stderr how a run over several targets went: first what
// did not succeed, then what may be left of it, then the counts.
func (o *options) summarize(results []engine.Result, took time.Duration) {
	if o.output.quiet {
		return
	}
	rows, advice := 0, ""
	listed := !o.grouped() || o.memory.diffWith != "" // else a group or a difference has said it
	targets := targetsOf(results)
	names := targetNames(targets)
	for i, r := range results {
		if r.Outcome == podexec.OK {
			continue
		}
		if advice == "" {
			advice = hint.Of(r.Err)
		}
		if rows++; rows <= maxRows && listed {
			o.say(fmt.Sprintf("%s %s: %s", r.Outcome, names[i], r.Why()))
		}
	}
	if rows > maxRows && listed {
		o.say(fmt.Sprintf("… and %d more%s", rows-maxRows, o.seeAll()))
	}
	if advice != "" {
		o.say("hint: " + advice)
	}
	if n := lingering(results); n > 0 {
		o.say(fmt.Sprintf("in %s %s", amount(n, noun(targets)), supervise.Lingering))
	}
	if text := o.remains(results); text != "" {
		o.say(text)
	}
	o.say(fmt.Sprintf("%s: %s (%s)", amount(len(results), noun(targets)), tallyOutcomes(results), elapsed(took)))
}

// lingering counts the commands of which something may still write.
func lingering(results []engine.Result) int {
	n := 0
	for _, r := range results {
		if strings.HasSuffix(r.Reason, supervise.Lingering) {
			n++
		}
	}
	return n
}

// seeAll says how to see every row now that the command has run.
func (o *options) seeAll() string {
	if o.memory.journal == none {
		return ""
	}
	return ": 'kubectl xexec runs last' lists them all"
}

// noun is what the rows are: pods, or containers where a pod has several.
func noun(targets []resolve.Target) string {
	pods := map[string]bool{}
	for _, t := range targets {
		id := t.Context + "/" + t.Namespace + "/" + t.Pod
		if pods[id] {
			return "container"
		}
		pods[id] = true
	}
	return "pod"
}

func tallyOutcomes(results []engine.Result) string {
	counts := map[podexec.Outcome]int{}
	for _, r := range results {
		counts[r.Outcome]++
	}
	var parts []string
	for _, outcome := range allOutcomes {
		if n := counts[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	return strings.Join(parts, ", ")
}

// remains says what the run may have left in containers.
func (o *options) remains(results []engine.Result) string {
	left := map[engine.Left]int{}
	for _, r := range results {
		left[r.Left]++
	}
	var parts []string
	if n := left[engine.LeftEnded]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s ended; nothing of %s is left", were(n, "command"), pronoun(n)))
	}
	if n := left[engine.LeftEnding]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s will be over within %s", amount(n, "command"), o.flags.command.grace))
	}
	if n := left[engine.LeftUnknown]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s may run on: nobody saw %s end", amount(n, "command"), pronoun(n)))
	}
	return strings.Join(parts, "; ")
}

func were(n int, what string) string {
	if n == 1 {
		return "1 " + what + " was"
	}
	return amount(n, what) + " were"
}

func pronoun(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// elapsed is a duration for people: 0.4s, 12.3s, 3m20s.
func elapsed(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func targetsOf(results []engine.Result) []resolve.Target {
	targets := make([]resolve.Target, len(results))
	for i, r := range results {
		targets[i] = r.Target
	}
	return targets
}
