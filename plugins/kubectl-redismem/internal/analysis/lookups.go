package analysis

import (
	"context"
	"math"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
)

// lookups asks what picked keys are, over a connection of its own: type, encoding,
// time to live and idle time. Picks beyond what it can do meanwhile are dropped:
// they are a sample anyway.
type lookups struct {
	picks chan string
	done  chan struct{}

	mu       sync.Mutex
	results  []lookedUp
	commands int64
}

type lookedUp struct {
	name  string
	facts pattern.Facts
}

const (
	mostPicks = 256
	batch     = 32
	commands  = 4 // for each key
)

// newLookups begins with one database; nil if it cannot be selected.
func newLookups(ctx context.Context, client *redis.Client, db int) *lookups {
	conn := client.Conn()
	if db != 0 && conn.Select(ctx, db).Err() != nil {
		_ = conn.Close()
		return nil
	}
	// What is looked at should not count as used, where the server can tell it so.
	_ = conn.Do(ctx, "CLIENT", "NO-TOUCH", "ON").Err()
	l := &lookups{picks: make(chan string, mostPicks), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		defer conn.Close()
		l.run(ctx, conn)
	}()
	return l
}

func (l *lookups) pick(name []byte) {
	const longest = 64 << 10
	if len(name) > longest || len(l.picks) == cap(l.picks) {
		return
	}
	l.picks <- string(name)
}

// close waits for what was picked.
func (l *lookups) close() {
	close(l.picks)
	<-l.done
}

// deliver puts results into the tree.
func (l *lookups) deliver(tree *pattern.Tree) {
	l.mu.Lock()
	results := l.results
	l.results = nil
	l.mu.Unlock()
	for _, r := range results {
		tree.Describe([]byte(r.name), r.facts)
	}
}

func (l *lookups) run(ctx context.Context, conn *redis.Conn) {
	for name := range l.picks {
		names := []string{name}
		for more := true; more && len(names) < batch; {
			select {
			case next, open := <-l.picks:
				if more = open; open {
					names = append(names, next)
				}
			default:
				more = false
			}
		}
		if ctx.Err() == nil {
			l.ask(ctx, conn, names)
		}
	}
}

// ask has one round trip for all names. What is refused stays unknown.
func (l *lookups) ask(ctx context.Context, conn *redis.Conn, names []string) {
	pipe := conn.Pipeline()
	type answer struct {
		kind, encoding *redis.Cmd
		ttl, idle      *redis.Cmd
	}
	answers := make([]answer, len(names))
	for i, name := range names {
		answers[i] = answer{
			idle:     pipe.Do(ctx, "OBJECT", "IDLETIME", name), // first: TYPE may count as a use
			kind:     pipe.Do(ctx, "TYPE", name),
			encoding: pipe.Do(ctx, "OBJECT", "ENCODING", name),
			ttl:      pipe.Do(ctx, "PTTL", name),
		}
	}
	_, _ = pipe.Exec(ctx) // each answer has its own error
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commands += int64(commands * len(names))
	for i, a := range answers {
		kind, err := a.kind.Text()
		if err != nil || kind == "none" {
			continue // gone, or refused
		}
		f := pattern.Facts{Type: kind, TTL: -2, Idle: -1}
		if encoding, err := a.encoding.Text(); err == nil {
			f.Encoding = encoding
		}
		if ttl, err := a.ttl.Int64(); err == nil {
			f.TTL = ttl
			if ttl >= 0 {
				f.TTL = int64(math.Ceil(float64(ttl) / 1000))
			}
		}
		if idle, err := a.idle.Int64(); err == nil {
			f.Idle = idle
		}
		l.results = append(l.results, lookedUp{names[i], f})
	}
}
