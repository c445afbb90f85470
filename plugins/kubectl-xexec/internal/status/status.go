// Package status tells people on stderr how far a run is: a line that stays at the
// bottom of the terminal, and on request a list of what still runs and for how
// long. Enter asks for the list, where the command does not use the keyboard, and
// so does SIGUSR1 on systems that have it.
//
//	12/200 ok, 3 failed, 32 running, 153 waiting · 1m20s left
//
// The line shares the terminal with other text: what is written through [Status.Wrap]
// goes above it.
package status

import (
	"context"
	"io"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// Options say what is shown and where.
type Options struct {
	W       io.Writer // stderr; the list goes there also if it is no terminal
	Line    bool      // W is a terminal that a person looks at: draw the line
	Width   func() int
	Names   []string // of the targets, by index
	Targets int      // how many will run; skipped pods are not among them
	Keys    *os.File // a terminal that nobody else reads, whose Enter asks; nil: none
}

// Status follows a run. It is a sink.Sink that wants no output, and takes
// engine.Events.Trying. None of its methods waits for the terminal, except Write
// of a wrapped writer and Close.
type Status struct {
	o     Options
	start time.Time

	mu     sync.Mutex
	began  map[int]time.Time // of what runs
	counts map[podexec.Outcome]int
	landed int

	screen sync.Mutex // held while something is written to the terminal
	drawn  bool       // the line is there
	shown  string     // as it was drawn last
	inside bool       // the cursor is inside a line of somebody else's

	ask, stop, ended chan struct{}
}

// New starts to follow a run. Close ends its goroutines.
func New(o Options) *Status {
	s := &Status{
		o: o, start: time.Now(), began: map[int]time.Time{}, counts: map[podexec.Outcome]int{},
		ask: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	go s.run()
	return s
}

// Trying takes the event of that name: the target runs from its first attempt on.
func (s *Status) Trying(index, _ int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.began[index]; !ok {
		s.began[index] = time.Now()
	}
}

// Ask asks for the list of what runs.
func (s *Status) Ask() {
	select {
	case s.ask <- struct{}{}:
	default: // one answer is enough for both
	}
}

// Open implements engine.Sink.
func (*Status) Open(int) (stdout, stderr io.Writer) { return nil, nil }

// Landed implements engine.Sink.
func (s *Status) Landed(index int, r engine.Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.began, index)
	if r.Outcome != engine.Skipped {
		s.counts[r.Outcome]++
		s.landed++
	}
	return nil
}

// Broken implements sink.Sink.
func (*Status) Broken() <-chan struct{} { return nil }

// patience is what a terminal that was stopped gets to take the last sign.
const patience = 100 * time.Millisecond

// Close removes the line, and gives the keyboard back.
func (s *Status) Close(context.Context) error {
	close(s.stop)
	select {
	case <-s.ended:
	case <-time.After(patience):
	}
	return nil
}

// The line comes after a moment, since most runs are shorter, and then moves often
// enough to feel live.
const (
	moment = 400 * time.Millisecond
	redraw = 200 * time.Millisecond
)

func (s *Status) run() {
	defer close(s.ended)
	release := s.listen()
	defer release()
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			s.clear()
			return
		case <-s.ask:
			s.list()
		case <-tick.C:
			if s.o.Line && time.Since(s.start) >= moment {
				s.draw()
			}
		}
	}
}

// snapshot copies what is known, so that no lock is held while it is written.
func (s *Status) snapshot() snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return snapshot{
		targets: s.o.Targets, landed: s.landed, counts: maps.Clone(s.counts), began: maps.Clone(s.began),
		start: s.start, now: time.Now(),
	}
}
