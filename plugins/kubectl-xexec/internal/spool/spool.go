// Package spool keeps what a target writes until somebody has read it: the
// beginning in memory, the rest on disk, so that neither a slow reader nor a
// large output is any of the writer's business.
//
// A writer never waits for a reader. Readers come in any number, before, while
// and after the output is written.
//
//	store := spool.NewStore(0, "")
//	out := store.Spool(spool.Options{Max: 10 << 20})
//	fmt.Fprintln(out, "hello")
//	out.End()
//	io.Copy(os.Stdout, out.Reader())
package spool

import (
	"fmt"
	"os"
	"sort"
	"sync"
)

// DefaultMemory is what a spool keeps in memory before it goes to disk, 64 KiB.
const DefaultMemory = 64 << 10

// Options say how much a spool keeps, and where.
type Options struct {
	Memory int64 // most bytes in memory; 0: [DefaultMemory]
	Max    int64 // most bytes at all, later ones are swallowed; 0: no limit
	// Dir is the folder of the spill file, "" for [os.TempDir]. It counts for [New]
	// only: the spools of a Store share the store's.
	Dir string
	// Resume lets a Write succeed after one that failed. It is for writers of whole
	// records, who know what is missing; without it the first failure is the last,
	// lest a gap go unnoticed.
	Resume bool
}

// Spool is one stream of output. Its methods may be called from several
// goroutines.
type Spool struct {
	store *Store
	own   bool // the store is this spool's alone
	o     Options

	mu        sync.Mutex
	blocks    []block // in order, without gaps
	begin     int64   // bytes before it are discarded
	end       int64   // bytes written
	memory    int64   // bytes of memory taken from the store
	truncated bool
	ended     bool
	closed    bool
	reading   int           // reads under way, for which Close waits with the blocks
	changed   chan struct{} // closed at the next write, if somebody waits
	err       error
	cause     error // of Fail
}

// block is a piece of a spool: in memory, or in the spill file.
type block struct {
	start, room int64 // the bytes of the spool that it holds
	size        int64 // as it was taken
	mem         []byte
	file        *os.File // nil for a block in memory
	at          int64    // in file
}

// New returns a spool with a store of its own.
func New(o Options) *Spool {
	s := NewStore(max(o.Memory, DefaultMemory), o.Dir).Spool(o)
	s.own = true
	return s
}

// Spool returns a spool that draws on the store's memory and file.
func (st *Store) Spool(o Options) *Spool {
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	return &Spool{store: st, o: o}
}

// Write keeps p. What goes beyond the limit is swallowed, so that the remote
// command runs on, and makes the spool Truncated. An error is the disk's; of a
// write that fails nothing is kept.
func (s *Spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed || s.ended:
		return 0, os.ErrClosed
	case s.err != nil && !s.o.Resume:
		return 0, s.err
	}
	keep := p
	if room := s.o.Max - s.end; s.o.Max > 0 && int64(len(p)) > room {
		keep, s.truncated = p[:room], true
	}
	if len(keep) == 0 {
		return len(p), nil
	}
	before := s.end
	for len(keep) > 0 {
		n, err := s.append(keep)
		if err != nil {
			s.err = fmt.Errorf("spooling output: %w", err)
			s.rollBack(before)
			return 0, s.err
		}
		s.end += int64(n)
		keep = keep[n:]
	}
	s.wake()
	return len(p), nil
}

// rollBack forgets what a failed write left behind, and the place where it failed:
// the disk has no room for it, while blocks that are given back do have some.
func (s *Spool) rollBack(to int64) {
	s.end, s.truncated = to, true
	for n := len(s.blocks) - 1; n >= 0 && s.blocks[n].start >= to; n-- {
		if b := s.blocks[n]; b.file == nil {
			s.release(b)
		}
		s.blocks = s.blocks[:n]
	}
	if n := len(s.blocks) - 1; n >= 0 && s.blocks[n].file != nil {
		s.blocks[n].room = to - s.blocks[n].start
	}
}

// append puts as much of p as the last block takes at the end of the spool.
func (s *Spool) append(p []byte) (int, error) {
	i := s.find(s.end)
	if i == len(s.blocks) {
		if err := s.grow(int64(len(p))); err != nil {
			return 0, err
		}
	}
	b := &s.blocks[i]
	at := s.end - b.start
	p = p[:min(int64(len(p)), b.room-at)]
	if b.file == nil {
		return copy(b.mem[at:], p), nil
	}
	n, err := b.file.WriteAt(p, b.at+at)
	if err != nil {
		return 0, s.store.advise(err)
	}
	return n, nil
}

// grow adds a block, of a size that doubles the spool: memory if there is any to
// have, disk otherwise.
func (s *Spool) grow(want int64) error {
	const smallest, largest = 256, 64 << 10
	size := min(max(s.end-s.begin, want, smallest), largest)
	if size = min(size, s.o.Memory-s.memory); size >= min(want, smallest) && s.store.take(size) {
		s.memory += size
		s.blocks = append(s.blocks, block{start: s.end, room: size, size: size, mem: make([]byte, size)})
		return nil
	}
	file, at, size, err := s.store.block(max(s.end-s.begin, want))
	if err != nil {
		return err
	}
	s.blocks = append(s.blocks, block{start: s.end, room: size, size: size, file: file, at: at})
	return nil
}

// find is the index of the block that holds the byte at off, len(s.blocks) if
// none does.
func (s *Spool) find(off int64) int {
	n := len(s.blocks)
	if n > 0 && off >= s.blocks[n-1].start { // the common case of a writer
		if off < s.blocks[n-1].start+s.blocks[n-1].room {
			return n - 1
		}
		return n
	}
	return sort.Search(n, func(i int) bool { return off < s.blocks[i].start+s.blocks[i].room })
}

// wake tells those who wait that something is new.
func (s *Spool) wake() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// End says that nothing more is written: readers that follow reach the end.
func (s *Spool) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.wake()
}

// Len is the number of bytes that were kept so far, discarded ones included.
func (s *Spool) Len() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

// Truncated reports that something is missing: beyond the limit, or because a
// write failed.
func (s *Spool) Truncated() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.truncated
}
