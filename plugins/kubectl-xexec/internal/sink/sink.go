// Package sink is what the places that output goes to have in common: each takes
// it without making a target wait, and says when there is no point in going on.
package sink

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// Sink is an engine.Sink with an end. It may write behind its caller's back, and
// holds goroutines and files until it is closed.
type Sink interface {
	engine.Sink
	// Broken is closed when nothing can be written any more, as with "| head". Cancel
	// the run then. It is nil for a sink that cannot break.
	Broken() <-chan struct{}
	// Close completes the output after the last target has landed, and waits for
	// that. Once ctx is done it does so only as far as that takes no time.
	Close(ctx context.Context) error
}

// Tee hands everything to several sinks. It is broken as soon as one of them is;
// an error of one does not keep the result from the others.
func Tee(sinks ...Sink) Sink {
	if len(sinks) == 1 {
		return sinks[0]
	}
	t := &tee{sinks: sinks, broken: make(chan struct{}), closed: make(chan struct{})}
	for _, s := range sinks {
		if broken := s.Broken(); broken != nil {
			t.watching.Go(func() { t.watch(broken) })
		}
	}
	return t
}

type tee struct {
	sinks          []Sink
	broken, closed chan struct{}
	once           sync.Once
	watching       sync.WaitGroup
}

func (t *tee) watch(broken <-chan struct{}) {
	select {
	case <-broken:
		t.once.Do(func() { close(t.broken) })
	case <-t.closed:
	}
}

// Open implements engine.Sink.
func (t *tee) Open(index int) (stdout, stderr io.Writer) {
	outs, errs := make([]io.Writer, len(t.sinks)), make([]io.Writer, len(t.sinks))
	for i, s := range t.sinks {
		outs[i], errs[i] = s.Open(index)
	}
	return join(outs), join(errs)
}

// join leaves out those that want nothing.
func join(writers []io.Writer) io.Writer {
	var wanted []io.Writer
	for _, w := range writers {
		if w != nil && w != io.Discard {
			wanted = append(wanted, w)
		}
	}
	switch len(wanted) {
	case 0:
		return io.Discard
	case 1:
		return wanted[0]
	}
	return io.MultiWriter(wanted...)
}

// Landed implements engine.Sink.
func (t *tee) Landed(index int, r engine.Result) error {
	var failures []error
	for _, s := range t.sinks {
		failures = append(failures, s.Landed(index, r))
	}
	return errors.Join(failures...)
}

func (t *tee) Broken() <-chan struct{} { return t.broken }

func (t *tee) Close(ctx context.Context) error {
	var failures []error
	for _, s := range t.sinks {
		failures = append(failures, s.Close(ctx))
	}
	close(t.closed)
	t.watching.Wait()
	return errors.Join(failures...)
}
