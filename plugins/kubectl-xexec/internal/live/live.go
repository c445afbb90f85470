// Package live shows what many targets write while they write it: whole lines,
// each after the name of its target, never two mixed into one.
//
// Lines keep their stream: a target's stdout goes to stdout, its stderr to
// stderr. The order is that of arrival, between the two streams and between
// targets. A last line without a newline is completed with one.
//
// A target never waits for the reader of stdout: its lines go into a log, from
// which one goroutine writes them out; a log that outgrows its memory goes to
// disk. A pager that shows its first page, or a terminal that was stopped with
// Ctrl-S, costs the targets nothing.
//
//	sink := live.New(out, err, labels, store)
//	results, err := engine.RunAll(ctx, job, sink) // cancel ctx when sink.Broken() closes
//	err = sink.Close(ctx)                          // wait until the last line is out
package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// Stream is where the lines of one stream go.
type Stream struct {
	W        io.Writer
	Color    bool // give each target its own colour
	Terminal bool // a person looks: pad the names and make control characters visible
}

// memory is how much of what nobody has read yet stays off the disk, 4 MiB.
const memory = 4 << 20

// Sink writes prefixed lines. It is an engine.Sink.
type Sink struct {
	streams [2]Stream
	labels  []string // by target; empty labels mean no prefix
	width   int
	log     *spool.Spool // records, see record.go

	done   chan struct{} // closed when the last line is out, or none can go out
	broken chan struct{} // closed when a stream takes no more

	mu   sync.Mutex
	err  error // why
	open map[int][2]*lineWriter
}

// New returns a sink over two streams, whose log draws on store. Labels holds the
// name of each target by index; without labels the lines have no prefix. Close
// ends the sink's goroutine.
func New(out, err Stream, labels []string, store *spool.Store) *Sink {
	s := &Sink{
		streams: [2]Stream{out, err}, labels: labels,
		log:  store.Spool(spool.Options{Memory: memory, Resume: true}),
		done: make(chan struct{}), broken: make(chan struct{}),
		open: map[int][2]*lineWriter{},
	}
	for _, l := range labels {
		s.width = max(s.width, utf8.RuneCountInString(l))
	}
	go s.drain()
	return s
}

// Open implements engine.Sink.
func (s *Sink) Open(index int) (stdout, stderr io.Writer) {
	w := [2]*lineWriter{{sink: s, index: index}, {sink: s, index: index, stream: 1}}
	s.mu.Lock()
	s.open[index] = w
	s.mu.Unlock()
	return w[0], w[1]
}

// Landed implements engine.Sink: it completes the last line of each stream. The
// error is that of a stream that takes no more.
func (s *Sink) Landed(index int, _ engine.Result) error {
	s.mu.Lock()
	w, ok := s.open[index]
	delete(s.open, index)
	s.mu.Unlock()
	if ok {
		for _, stream := range w {
			if err := stream.end(); err != nil {
				return err
			}
		}
	}
	return s.Err()
}

// Broken is closed when stdout or stderr takes no more, as with "| head": there is
// no point in going on.
func (s *Sink) Broken() <-chan struct{} { return s.broken }

// Err is why a stream takes no more, nil as long as both do.
func (s *Sink) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// patience is what a reader gets to take what is left after an interrupt.
const patience = 200 * time.Millisecond

// Close waits until everything is written out. Once ctx is done it waits 200 ms
// more and then gives up, with ctx's error: somebody reads too slowly, or not at
// all. Only then lines are missing. Call it after the last target has landed.
func (s *Sink) Close(ctx context.Context) error {
	s.log.End()
	select {
	case <-s.done:
	case <-ctx.Done():
		select {
		case <-s.done:
		case <-time.After(patience):
			_ = s.log.Close() // the goroutine ends after the write that it is stuck in
			return fmt.Errorf("showing the last lines: %w", ctx.Err())
		}
	}
	_ = s.log.Close() // memory and blocks; nothing can fail that matters now
	return s.Err()
}

func (s *Sink) fail(err error) {
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	_ = s.log.Close() // writers learn of it, see lost
	close(s.broken)
}

// lost is the error of a writer to the log: the reason if the log was closed.
func (s *Sink) lost(err error) error {
	if errors.Is(err, os.ErrClosed) {
		if why := s.Err(); why != nil {
			return why
		}
	}
	return err
}
