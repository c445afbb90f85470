package main

import (
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// say writes a line to stderr, unless the user wants quiet. It may hold what a
// server said.
func (o *options) say(text string) {
	if !o.output.quiet {
		fmt.Fprintln(o.io.Err, streams.SanitizeLine(text))
	}
}

// warn tells of an error that does not end the run.
func (o *options) warn(err error) {
	o.say("warning: " + err.Error())
	if text := hint.Of(err); text != "" {
		o.say("hint: " + text)
	}
}

// announce says before the run what the user may not expect of it.
func (o *options) announce(found *resolve.Found) {
	if len(found.Targets) == 1 && found.Targets[0].DefaultedFrom != "" {
		t := found.Targets[0]
		o.say(fmt.Sprintf("Defaulted container %q out of: %s", t.Container, t.DefaultedFrom))
	}
	if n := found.Excluded; n > 0 {
		o.say(fmt.Sprintf("%s left out by --exclude-pod", amount(n, "pod")))
	}
}
