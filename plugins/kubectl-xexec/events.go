package main

import (
	"os"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/status"
)

// events go to the record, before anything may start, and to the status line.
func (p *places) events() engine.Events {
	return engine.Events{Trying: func(index, attempt int) {
		p.rec.writer.Started(index)
		if p.status != nil {
			p.status.Trying(index, attempt)
		}
	}}
}

// follow makes the line that says how far a run over several targets is. A single
// command has the terminal to itself, as with kubectl exec.
func (p *places) follow() *status.Status {
	o := p.o
	if o.interactive() || !p.several() {
		return nil
	}
	follow := status.Options{
		W: o.io.Err, Line: o.io.ErrIsTerminal() && !o.output.quiet && os.Getenv("TERM") != "dumb",
		Width: o.io.Width, Names: p.names, Targets: len(p.found.Targets),
	}
	if in, ok := o.io.In.(*os.File); ok && o.io.InIsTerminal() && !o.flags.command.stdin && !o.output.quiet {
		follow.Keys = in
	}
	return status.New(follow)
}
