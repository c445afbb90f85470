// Package scan walks a Redis database and learns the size of every key.
//
// It is the hot path of redismem and speaks the protocol itself (package resp).
// One round trip a page: a single write carries MEMORY USAGE for the page that
// just arrived and the SCAN for the next one, and a page is counted while the
// next is on its way. It never sends KEYS, which blocks the server, nor TYPE,
// which counts as a hit in the server's statistics. It keeps two pages of names
// in memory, never all keys.
//
// What the server has to hold for a client counts against its maxmemory, and a
// server that is full evicts keys to make room. So a scan feels its way: it asks
// for few keys first and for more as long as their names are short, and where
// names are huge it has no more than one page or one small batch under way.
package scan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// Config says what to scan. Dial and Key are required.
type Config struct {
	// Dial opens a connection that is logged in and ready for commands. It is
	// called again when a connection breaks, and must reach the same server then.
	Dial func(context.Context) (net.Conn, error)
	// Key is called for every key that has a size. It must not keep name.
	Key func(name []byte, size int64)
	// Page, if not nil, is called after every page with the keys seen so far.
	Page func(seen int64)

	DB      int
	Count   int           // of SCAN, a hint to the server; 0 means DefaultCount
	Timeout time.Duration // longest silence of the server; 0 means 30 s
	Retries int           // tries to reconnect without progress in between; 0 means 4
	Backoff time.Duration // before the first of them, doubled after each; 0 means 250 ms
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
	Sized      int64            // keys passed to Config.Key
	Vanished   int64            // gone between SCAN and MEMORY USAGE
	Unreadable map[string]int64 // no size told, by the error's code, such as NOPERM
	Pages      int64
	Reconnects int
	Complete   bool   // the cursor came back to 0
	Cursor     string // where to go on if not complete
}

// Seen is the number of names that SCAN returned, repeats included.
func (r Result) Seen() int64 {
	n := r.Sized + r.Vanished
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
	s := &scanner{Config: c.withDefaults(), runID: unknown}
	s.Cursor, s.Unreadable = "0", map[string]int64{}
	for failures := 0; ; {
		before := s.Pages
		err := s.connectAndScan(ctx)
		if err == nil {
			s.Complete = true
			return s.Result, nil
		}
		if s.Pages > before {
			failures = 0
		}
		if ctx.Err() != nil {
			return s.Result, context.Cause(ctx)
		}
		failures++
		if !s.resumable(err) || failures > s.Retries {
			return s.Result, err
		}
		if !sleep(ctx, s.Config.Backoff<<(failures-1)) {
			return s.Result, context.Cause(ctx)
		}
	}
}

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
	return c
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

type scanner struct {
	Config
	Result
	runID string
	pages [2]page
	// Of the page that is being collected.
	sizes   []int64
	refused map[string]int64 // by error code; nil if there are none
}

// unknown is the run ID before the first connection. It is not a run ID.
const unknown = "?"

// resumable reports whether another connection may help after err. What the
// server itself refused it will refuse again; and without a run ID nobody can
// say whether the cursor still means anything.
func (s *scanner) resumable(err error) bool {
	var reply resp.Error
	if errors.As(err, &reply) && !Passing(err) || errors.Is(err, resp.ErrProtocol) || errors.Is(err, ErrOtherServer) {
		return false
	}
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

func (s *scanner) connectAndScan(ctx context.Context) error {
	l, runID, err := open(ctx, s.Config)
	if err != nil {
		return err
	}
	defer l.close()
	if s.runID == unknown {
		s.runID = runID
	} else {
		if runID != s.runID {
			return ErrOtherServer
		}
		s.Reconnects++
	}
	return s.scan(l)
}

// scan goes from s.Cursor to the end over one connection. Two writes are under
// way at most: the sizes of page i, and SCAN for page i+2 with the sizes of i+1.
// A large page is alone: its SCAN may have been sent with the page before, but
// nothing else is under way while its sizes are asked for.
func (s *scanner) scan(l *link) error {
	count := min(firstCount, s.Count)
	p, older := &s.pages[0], &s.pages[1]
	asked, owed := false, false // the SCAN for p; the sizes of older
	for cursor := s.Cursor; ; {
		if err := s.fetch(l, p, cursor, count, asked); err != nil {
			return err
		}
		count = adapt(count, s.Count, len(p.names))
		alone := len(p.names) > largePage
		if !alone {
			if err := l.ask(p, count); err != nil {
				return err
			}
		}
		if owed {
			if err := s.collect(l, older); err != nil {
				return err
			}
		}
		if cursor = p.next; !alone {
			p, older = older, p
		} else if err := s.collectInBatches(l, p); err != nil {
			return err
		}
		asked, owed = !alone, !alone
		if cursor == "0" && owed {
			return s.collect(l, older)
		}
		if cursor == "0" {
			return nil
		}
	}
}

// fetch reads the page at cursor, and asks for it first unless that was done.
func (s *scanner) fetch(l *link, p *page, cursor string, count int, asked bool) error {
	p.reset(cursor)
	if !asked {
		if err := l.write(appendScan(nil, cursor, count)); err != nil {
			return err
		}
	}
	return scanError(p.read(l.r))
}

func scanError(err error) error {
	var reply resp.Error
	if errors.As(err, &reply) {
		return fmt.Errorf("scanning: %w", err)
	}
	return err
}
