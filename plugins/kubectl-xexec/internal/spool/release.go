package spool

import (
	"errors"
	"slices"
)

// Discard gives back the blocks before off, which nobody reads any more.
func (s *Spool) Discard(off int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin = max(s.begin, min(off, s.end))
	if s.reading > 0 {
		return // the next call will do it
	}
	n := 0
	for n < len(s.blocks) && s.blocks[n].start+s.blocks[n].room <= s.begin {
		s.release(s.blocks[n])
		n++
	}
	s.blocks = slices.Delete(s.blocks, 0, n)
}

// Close gives everything back. Writes and reads fail from then on.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed, s.ended = true, true
	s.wake()
	return s.releaseAll()
}

// Fail is Close for a spool that will not be complete: reads fail with cause.
func (s *Spool) Fail(cause error) error {
	s.mu.Lock()
	s.cause = cause
	s.mu.Unlock()
	return s.Close()
}

// releaseAll waits for nobody: the last reader does it if one is under way.
func (s *Spool) releaseAll() error {
	if s.reading > 0 {
		return nil
	}
	for _, b := range s.blocks {
		s.release(b)
	}
	s.blocks = nil
	if s.own {
		return s.store.Close()
	}
	return nil
}

func (s *Spool) release(b block) {
	if b.file != nil {
		s.store.reuse(b.at, b.size)
		return
	}
	s.memory -= b.size
	s.store.give(b.size)
}

// errDiscarded is a reader's slip.
var errDiscarded = errors.New("reading output that was discarded")
