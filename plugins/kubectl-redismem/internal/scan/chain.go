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
// A page need not end where a piece ends. One that reaches beyond is asked for
// again with a smaller COUNT. A page of one bucket can still reach beyond, by way
// of empty ones; the names in it that the next chain began with are that one's.
type chain struct {
	end     uint64 // reversed; 0 stands for 2^64
	whole   bool   // the only chain: cursors are opaque
	names   map[string]struct{}
	started *signal // when names, of the first page, are known
	next    *chain  // that begins where this one ends; nil for the last
}

type signal struct {
	once sync.Once
	c    chan struct{}
}

func newSignal() *signal { return &signal{c: make(chan struct{})} }

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

// finish looks whether a page is the chain's last, and takes out of it what is the
// next chain's.
func (c *chain) finish(ctx context.Context, p *page) error {
	c.begin(p)
	p.last = p.next == "0" || !c.whole && c.end != 0 && position(p.next) == c.end
	if !c.beyond(p.next) {
		return nil
	}
	p.last = true
	select {
	case <-c.next.started.c:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	p.drop(c.next.names)
	return nil
}

// begin keeps the names of the chain's first page for the chain before it.
func (c *chain) begin(p *page) {
	if c.whole || c.names != nil {
		return
	}
	names := make(map[string]struct{}, p.len())
	for i := range p.len() {
		names[string(p.name(i))] = struct{}{}
	}
	c.names = names
	c.started.set()
}

// over lets nobody wait for a chain that has ended early.
func (c *chain) over() { c.started.set() }
