package scan

import (
	"context"
	"math/bits"
	"strconv"
	"sync"
)

// chain is one walk's part of a database.
//
// A cursor counts with its bits reversed: read from the lowest bit on, it is the
// fraction of the table that is behind it. So the table is a line from 0 to 2^64
// in reversed cursors, whatever its size, and a chain is a piece of that line: its
// start is a cursor like any other (redis:src/dict.c, dictScan). No project
// promises this; whether it holds is for redisconn's ChainsAllowed to say.
//
// A page need not end where a piece ends. The names in it that the next chain began
// with are that one's. A page that reaches further than these is asked for again with
// a smaller COUNT, down to one bucket, which by way of empty ones may reach as far.
type chain struct {
	end   uint64 // reversed; 0 stands for 2^64
	whole bool   // the only chain: cursors are opaque
	next  *chain // that begins where this one ends; nil for the last

	// The chain's first names are kept for the one before it.
	names   map[string]struct{}
	bytes   int     // of names
	extent  uint64  // position up to which they go
	started *signal // when they are complete
}

// What a chain keeps at the most, but at least one page: more than a page of the one
// before it can have.
const (
	keptNames = 1000
	keptBytes = 1 << 20
)

type signal struct {
	once sync.Once
	c    chan struct{}
}

func newSignal() *signal { return &signal{c: make(chan struct{})} }

func (s *signal) done() bool {
	select {
	case <-s.c:
		return true
	default:
		return false
	}
}

func (s *signal) set() { s.once.Do(func() { close(s.c) }) }

// split makes the walks.
func (s *scan) split() []*walk {
	n := max(1, s.Chains)
	n = 1 << (bits.Len(uint(n)) - 1)
	walks := make([]*walk, n)
	step := uint64(1) << 63 / uint64(n) * 2 // 0 for a single one
	for i := n - 1; i >= 0; i-- {
		start := uint64(i) * step
		walks[i] = &walk{scan: s, cursor: strconv.FormatUint(bits.Reverse64(start), 10),
			chain: chain{end: start + step, whole: n == 1, started: newSignal()}}
		if i < n-1 {
			walks[i].chain.next = &walks[i+1].chain
		}
	}
	return walks
}

// position is where a cursor that SCAN returned is on the line; the end of the
// line is 0. What is no number is a wonder, and handled as the end.
func position(cursor string) uint64 {
	v, err := strconv.ParseUint(cursor, 10, 64)
	if err != nil {
		return 0
	}
	return bits.Reverse64(v)
}

// beyond reports whether a page that ended at cursor reaches into the next chain.
func (c *chain) beyond(cursor string) bool {
	if c.whole || c.end == 0 {
		return false
	}
	return position(cursor)-1 > c.end-1 // 0, the end of the line, is the largest
}

// fewer is how many keys to ask for where count went from one cursor beyond the
// end: in proportion to what is left.
func (c *chain) fewer(from, to string, count int) int {
	start := position(from)
	left, went := float64(c.end-start), float64(position(to)-1-start)
	return max(1, min(count/2, int(float64(count)*left/went*0.9)))
}

// shared reports whether a page that ended at cursor reaches into the next chain no
// further than that one's first names go, which it waits for.
func (c *chain) shared(ctx context.Context, cursor string) (bool, error) {
	select {
	case <-c.next.started.c:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	return position(cursor)-1 <= c.next.extent-1, nil // 0, the end of the line, is the largest
}

// finish looks whether a page is the chain's last, and takes out of it what is the
// next chain's.
func (c *chain) finish(ctx context.Context, p *page) error {
	beyond := c.beyond(p.next)
	p.last = beyond || p.next == "0" || !c.whole && c.end != 0 && position(p.next) == c.end
	c.begin(p)
	if !beyond {
		return nil
	}
	if _, err := c.shared(ctx, p.next); err != nil { // for the names to be complete
		return err
	}
	p.drop(c.next.names)
	return nil
}

// begin keeps the names of the chain's first pages.
func (c *chain) begin(p *page) {
	if c.whole || c.started.done() {
		return
	}
	if c.names == nil {
		c.names = make(map[string]struct{}, keptNames)
	}
	for i := range p.len() {
		name := p.name(i)
		c.names[string(name)] = struct{}{}
		c.bytes += len(name)
	}
	c.extent = position(p.next)
	if len(c.names) >= keptNames || c.bytes >= keptBytes || p.last {
		c.started.set()
	}
}

// over lets nobody wait for a chain that has ended early.
func (c *chain) over() { c.started.set() }
