// Package scan walks a Redis database and learns the size of every key.
//
// It is the hot path of redismem and speaks the protocol itself (package resp).
// One round trip a page: a single write carries MEMORY USAGE for the page that
// just arrived and the SCAN for the next one, and a page is counted while the
// next is on its way. It never sends KEYS, which blocks the server, nor TYPE,
// which counts as a hit in the server's statistics. It keeps two pages of names
// in memory, never all keys.
//
// Where the server's version is known to allow it several walks, each over a part
// of the database and over a connection of its own, keep the server busy while
// replies travel; see [Config.Chains].
//
// What the server has to hold for a client counts against its maxmemory, and a
// server that is full evicts keys to make room. So a scan feels its way: it asks
// for few keys first and for more as long as their names are short, and where
// names are huge it has no more than one page or one small batch under way.
package scan

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// Config says what to scan. Dial and Sink are required.
type Config struct {
	// Dial opens a connection that is logged in and ready for commands. It is
	// called again when a connection breaks, and must reach the same server then.
	Dial func(context.Context) (net.Conn, error)
	Sink Sink
	// Page, if not nil, is called after every page with the keys that the server
	// has walked over so far: those that were seen or, with Match, about so many.
	Page func(walked int64)
	// Match is a glob that the server compares names with; "" takes all.
	Match string
	// Random, if not nil, reads random pages only.
	Random *Random
	// Pacer, if not nil, decides how fast the scan may go.
	Pacer Pacer

	DB      int
	Count   int           // of SCAN, a hint to the server; 0 means DefaultCount
	Chains  int           // walks at the same time, a power of two; 0 means 1. See chain.
	Samples int           // elements of a collection that MEMORY USAGE looks at; 0 means the server's default, AllElements all
	Timeout time.Duration // longest silence of the server; 0 means 30 s
	Retries int           // tries to reconnect without progress in between; 0 means 4
	Backoff time.Duration // before the first of them, doubled after each; 0 means 250 ms
}

// AllElements as Config.Samples makes sizes exact. It holds up the server for as
// long as it takes to look at the whole of the biggest collection.
const AllElements = -1

// Sink takes what a scan finds, one call at a time. It must not keep names.
type Sink interface {
	// Plan says whether to ask for a key's size: NotAsked, or k if the size is to
	// stand for 2^k keys such as this one.
	Plan(name []byte) (k int8)
	// Count takes a key and its size, which is 0 where k is NotAsked.
	Count(name []byte, k int8, size int64)
}

// NotAsked is what Sink.Plan says of a key that is to be counted only.
const NotAsked = int8(-1)

// Pacer slows a scan down. Its methods may be called at the same time.
type Pacer interface {
	// Wait returns when the next page may be asked for.
	Wait(ctx context.Context) error
	// Most is how many keys a SCAN may ask for.
	Most() int
	// Sent is told how many commands were sent.
	Sent(commands int64)
}

// DefaultCount makes a SCAN take less than a millisecond of the server's time.
const DefaultCount = 500

const (
	defaultTimeout = 30 * time.Second
	defaultRetries = 4
	defaultBackoff = 250 * time.Millisecond
	firstCount     = 10      // asked for while nobody knows how long names are
	largePage      = 1 << 20 // bytes of names beyond which a page is handled alone
)

// Result is what a scan found. It is true also when the scan ended early.
type Result struct {
	Sized      int64            // keys whose size was told
	NotAsked   int64            // keys that were counted only
	Vanished   int64            // gone between SCAN and MEMORY USAGE
	Unreadable map[string]int64 // no size told, by the error's code, such as NOPERM
	Repeats    int64            // names that came more than once; estimated above some thousand keys
	Pages      int64
	Reconnects int
	Complete   bool   // the cursors came to their ends
	Cursor     string // where to go on if not complete, for each walk that is not

	Commands       int64
	Sent, Received int64 // bytes
}

// Seen is the number of names that SCAN returned, repeats included.
func (r Result) Seen() int64 {
	n := r.Sized + r.NotAsked + r.Vanished
	for _, k := range r.Unreadable {
		n += k
	}
	return n
}

// ErrOtherServer says that after the connection broke another server, or the
// same one restarted, answered: its cursors mean something else.
var ErrOtherServer = errors.New("the server restarted or was replaced during the scan")

// Run scans one database. A broken connection is dialed again, and if the same
// server answers the scan goes on where it was. The result is valid even if the
// error is not nil: it holds every page that was counted completely.
func Run(ctx context.Context, c Config) (Result, error) {
	s := &scan{Config: c.withDefaults(), runID: unknown, repeats: newRepeats()}
	s.Unreadable = map[string]int64{}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	walks := s.split()
	var wait sync.WaitGroup
	for _, w := range walks {
		wait.Go(func() {
			if err := w.run(inner); err != nil {
				cancel(err) // the others go on for nothing
			}
		})
	}
	wait.Wait()
	s.Complete = true
	var cursors []string
	for _, w := range walks {
		if !w.complete {
			s.Complete = false
			cursors = append(cursors, w.cursor)
		}
	}
	s.Cursor = strings.Join(cursors, ",")
	if s.Random == nil { // which draws with replacement
		s.Repeats = s.repeats.estimate()
	}
	s.Commands, s.Sent, s.Received = s.commands.Load(), s.sent.Load(), s.received.Load()
	if s.Complete {
		return s.Result, nil
	}
	return s.Result, context.Cause(inner)
}

// scan is what the walks have in common.
type scan struct {
	Config
	mu sync.Mutex // guards what follows, and calls of the sink
	Result
	runID   string
	repeats *repeats
	walked  int64 // by the server, where names are matched

	commands, sent, received atomic.Int64
}

// unknown is the run ID before the first connection. It is not a run ID.
const unknown = "?"

func (c Config) withDefaults() Config {
	if c.Count <= 0 {
		c.Count = DefaultCount
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Retries <= 0 {
		c.Retries = defaultRetries
	}
	if c.Backoff <= 0 {
		c.Backoff = defaultBackoff
	}
	if c.Page == nil {
		c.Page = func(int64) {}
	}
	if c.Random != nil {
		c.Chains = 1
	}
	if c.Pacer == nil {
		c.Pacer = unpaced{}
	}
	return c
}

// EverySize is a Sink that asks for all sizes. It is called for every key that has
// one.
type EverySize func(name []byte, size int64)

// Plan asks for every size; see Sink.
func (f EverySize) Plan([]byte) int8 { return 0 }

// Count takes a key; see Sink.
func (f EverySize) Count(name []byte, _ int8, size int64) { f(name, size) }

type unpaced struct{}

func (unpaced) Wait(context.Context) error { return nil }
func (unpaced) Most() int                  { return 1 << 30 }
func (unpaced) Sent(int64)                 {}

// count takes a page whose sizes have all been told.
func (s *scan) count(p *page, sizes []int64, refused map[string]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := 0
	for i, k := range p.weights {
		name := p.name(i)
		if k == NotAsked {
			s.NotAsked++
			s.repeats.add(name)
			s.Sink.Count(name, k, 0)
			continue
		}
		size := sizes[at]
		at++
		switch {
		case size >= 0:
			s.Sized++
			s.repeats.add(name)
			s.Sink.Count(name, k, size)
		case size == vanished:
			s.Vanished++
		}
	}
	for code, n := range refused {
		s.Unreadable[code] += n
	}
	s.Pages++
	walked := s.Seen()
	if s.Match != "" {
		s.walked += int64(p.count)
		walked = s.walked
	}
	s.Page(walked)
}

// plan decides which sizes of a page are asked for.
func (s *scan) plan(p *page) {
	p.weights, p.asked = p.weights[:0], 0
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range p.len() {
		k := s.Sink.Plan(p.name(i))
		p.weights = append(p.weights, k)
		if k != NotAsked {
			p.asked++
		}
	}
}

// joined is told the run ID of the server that answers a new connection.
func (s *scan) joined(runID string, again bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runID == unknown {
		s.runID = runID
	} else if runID != s.runID {
		return ErrOtherServer
	}
	if again {
		s.Reconnects++
	}
	return nil
}

// resumable reports whether another connection may help after err. What the
// server itself refused it will refuse again; and without a run ID nobody can
// say whether the cursor still means anything.
func (s *scan) resumable(err error) bool {
	var reply resp.Error
	if errors.As(err, &reply) && !Passing(err) || errors.Is(err, resp.ErrProtocol) || errors.Is(err, ErrOtherServer) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runID != unknown && s.runID != ""
}

// Passing reports whether err is a reply about the state that the server is in,
// such as LOADING, and not about what it was asked: the same question may be
// answered later, or by another node.
func Passing(err error) bool {
	var reply resp.Error
	if !errors.As(err, &reply) {
		return false
	}
	switch reply.Code() {
	case "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY":
		return true
	}
	return false
}
