package spool

import (
	"context"
	"io"
	"os"
)

// ReadAt implements [io.ReaderAt] for what is written so far: at its end it
// returns io.EOF, also while more is to come.
func (s *Spool) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		got, err := s.readOnce(p[n:], off+int64(n))
		n += got
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// readOnce reads from a single block. The lock is not held meanwhile, because the
// writer needs it: what was written never changes, and blocks are not given back
// while somebody reads.
func (s *Spool) readOnce(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed && s.cause != nil:
		return 0, s.cause
	case s.closed:
		return 0, os.ErrClosed
	case off < s.begin:
		return 0, errDiscarded
	case off >= s.end:
		return 0, io.EOF
	}
	b, end := s.blocks[s.find(off)], s.end
	s.reading++
	s.mu.Unlock()
	at := off - b.start
	p = p[:min(int64(len(p)), b.room-at, end-off)]
	var n int
	var err error
	if b.file == nil {
		n = copy(p, b.mem[at:])
	} else if n, err = b.file.ReadAt(p, b.at+at); n == len(p) {
		err = nil // the end of the file is no news
	} else if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	s.mu.Lock()
	s.reading--
	if s.closed {
		_ = s.releaseAll()
	}
	return n, err
}

// Reader returns a new reader over what is written so far.
func (s *Spool) Reader() *io.SectionReader {
	s.mu.Lock()
	defer s.mu.Unlock()
	return io.NewSectionReader(s, s.begin, s.end-s.begin)
}

// Follow returns a new reader that begins with the first byte that is still
// there and, at the end, waits for more: until End or Close is called, or ctx is
// done, whose error it then returns.
func (s *Spool) Follow(ctx context.Context) *Follower {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Follower{s: s, ctx: ctx, off: s.begin}
}

// Follower reads a spool while it is written. It is used by one goroutine.
type Follower struct {
	s   *Spool
	ctx context.Context
	off int64
}

// Read returns what there is, and waits only if there is nothing.
func (f *Follower) Read(p []byte) (int, error) {
	for len(p) > 0 {
		n, err := f.s.readOnce(p, f.off)
		f.off += int64(n)
		if n > 0 || err != io.EOF {
			return n, err
		}
		more := f.s.more(f.off)
		if more == nil {
			return 0, io.EOF
		}
		select {
		case <-more:
		case <-f.ctx.Done():
			return 0, f.ctx.Err()
		}
	}
	return 0, nil
}

// Offset is how far the reader is, for [Spool.Discard].
func (f *Follower) Offset() int64 { return f.off }

// more returns a channel that is closed when there may be something after off,
// nil if there never will.
func (s *Spool) more(off int64) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end > off || s.closed { // then the next read says why
		now := make(chan struct{})
		close(now)
		return now
	}
	if s.ended {
		return nil
	}
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}
