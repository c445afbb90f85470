package compare

import (
	"context"
	"errors"
	"io"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/alike"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
)

// Groups keeps all results until the last has landed, and then shows those that are
// the same once. It is a sink.Taker.
type Groups struct {
	prints  *Prints
	names   []string
	show    func(groups []alike.Group, source alike.Source) error
	members []alike.Member
	outputs []*sink.Output
}

// NewGroups returns the Groups of targets with these names. Show is called once, by
// Close.
func NewGroups(prints *Prints, names []string, show func([]alike.Group, alike.Source) error) *Groups {
	return &Groups{prints: prints, names: names, show: show, members: make([]alike.Member, len(names)), outputs: make([]*sink.Output, len(names))}
}

// Take implements sink.Taker.
func (g *Groups) Take(index int, r engine.Result, out *sink.Output) error {
	g.members[index] = alike.Member{Name: g.names[index], Verdict: verdict(r), Sum: g.prints.Sum(index)}
	g.outputs[index] = out
	return nil
}

// Broken implements sink.Taker: nothing is written before the end.
func (g *Groups) Broken() <-chan struct{} { return nil }

// Close implements sink.Taker.
func (g *Groups) Close(context.Context) error {
	defer func() {
		for _, out := range g.outputs {
			if out != nil {
				out.Release()
			}
		}
	}()
	return g.show(alike.GroupBy(g.members), g.source)
}

func (g *Groups) source(index int) (alike.Output, error) {
	out := g.outputs[index]
	if out == nil {
		return alike.Output{}, errors.New("it was not kept")
	}
	return alike.Output{Stdout: io.Reader(out.Stdout.Reader()), Stderr: io.Reader(out.Stderr.Reader()), Identity: g.prints.Identity(index)}, nil
}
