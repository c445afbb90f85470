package podexec

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// session is one command's streams and what has been learnt so far. Its methods
// are safe for concurrent use; its facts are read once the link has ended.
type session struct {
	req    *Request
	timing timing
	health health

	writing sync.Mutex // one Write at a time, over all streams

	mu       sync.Mutex
	status   status
	head     []byte // the beginning of the output, for telling a runtime's excuse
	received int64  // bytes of output
	local    error  // the first failure on our own side
	broken   error  // how the connection ended, if not in good order
}

func newSession(req *Request, t timing) *session {
	return &session{req: req, timing: t, health: health{patience: t.patience}}
}

// maxHead is how much of the output's beginning is kept.
const maxHead = 512

// output hands p on. It blocks for as long as the consumer does.
func (s *session) output(w io.Writer, p []byte) {
	if len(p) == 0 {
		return
	}
	s.mu.Lock()
	s.received += int64(len(p))
	if room := maxHead - len(s.head); room > 0 {
		s.head = append(s.head, p[:min(room, len(p))]...)
	}
	failed := s.local != nil
	s.mu.Unlock()
	if w == nil || failed {
		return // still drained, so that the exit code gets through
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.health.stall(+1)
	n, err := w.Write(p)
	s.health.stall(-1)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		s.fail(fmt.Errorf("writing the output: %w", err))
	}
}

// fail keeps the first failure on our own side.
func (s *session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.local == nil {
		s.local = err
	}
}

// lose keeps the first reason for which the connection ended.
func (s *session) lose(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = err
	}
}

// report takes a piece of the final status and says whether it is complete.
func (s *session) report(p []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status.add(p)
}

// health decides how long the next read may wait for the peer. Silence means
// that the peer is gone, except in two cases: the consumer holds things up, so
// that answers to our pings wait in line behind output; or input is on its way
// to a command that does not read it, so that our pings wait in line.
type health struct {
	mu       sync.Mutex
	patience time.Duration
	stalled  int
	sent     uint64              // counts pieces of input
	arrived  uint64              // the last of them before a ping that was answered
	heard    int64               // counts what came from the peer
	set      func(time.Duration) // applies a patience; 0 is for ever
}

func (h *health) stall(by int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stalled += by
	h.apply()
}

// input notes that a piece of input is about to be sent.
func (h *health) input() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent++
	h.apply()
}

// silent says whether nothing came from the peer since heard was before, and
// nobody keeps us from listening. Only into such a silence may a ping be sent.
// A peer that has closed its end answers any byte of ours with a reset, and a
// reset throws away output that is still on its way, as much as the buffers of
// all connections in between hold.
func (h *health) silent(before int64) (now int64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.heard, h.heard == before && h.stalled == 0
}

// asking returns the mark to remember with a ping, for answered.
func (h *health) asking() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sent
}

func (h *health) answered(mark uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.arrived = max(h.arrived, mark)
	h.apply()
}

// arm applies the patience anew, before a read.
func (h *health) arm() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.apply()
}

// hear notes that something came from the peer.
func (h *health) hear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard++
}

// shorten lowers the patience for good.
func (h *health) shorten(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.patience, h.arrived = d, h.sent
	h.apply()
}

// watch makes the patience that of reads from conn.
func (h *health) watch(conn interface{ SetReadDeadline(time.Time) error }) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.set = func(d time.Duration) {
		var deadline time.Time
		if d > 0 {
			deadline = time.Now().Add(d)
		}
		//nolint:errcheck // fails on a closed connection only, whose reads fail anyway
		conn.SetReadDeadline(deadline)
	}
}

func (h *health) apply() {
	d := h.patience
	if h.stalled > 0 || h.sent != h.arrived {
		d = 0
	}
	if h.set != nil {
		h.set(d)
	}
}

// atEnd calls f if ctx ends before the returned function is called, which also
// waits for f.
func atEnd(ctx context.Context, f func()) (release func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		f()
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}
