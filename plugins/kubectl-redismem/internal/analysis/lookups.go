package analysis

import (
	"context"
	"errors"
	"math"
	"slices"
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
	refused  [len(questions)]bool
}

type lookedUp struct {
	name  string
	facts pattern.Facts
}

const (
	mostPicks = 256
	batch     = 32
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

// questions about a key. IDLETIME is first, as TYPE may count as a use.
var questions = [...][]any{
	{"OBJECT", "IDLETIME"}, {"TYPE"}, {"OBJECT", "ENCODING"}, {"PTTL"},
}

const (
	askIdle = iota
	askType
	askEncoding
	askTTL
)

// ask has one round trip for all names. A question that the server refuses, such as
// for a missing right, is not asked again, and its answers stay unknown.
func (l *lookups) ask(ctx context.Context, conn *redis.Conn, names []string) {
	pipe := conn.Pipeline()
	answers := make([][len(questions)]*redis.Cmd, len(names))
	asked := int64(0)
	for i, name := range names {
		for q, words := range questions {
			if !l.refused[q] {
				answers[i][q] = pipe.Do(ctx, append(slices.Clone(words), name)...)
				asked++
			}
		}
	}
	if asked == 0 {
		return
	}
	_, _ = pipe.Exec(ctx) // each answer has its own error
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commands += asked
	for i, a := range answers {
		for q, answer := range a {
			var refusal redis.Error
			if answer != nil && errors.As(answer.Err(), &refusal) && !errors.Is(refusal, redis.Nil) {
				l.refused[q] = true
			}
		}
		if f, ok := facts(a); ok {
			l.results = append(l.results, lookedUp{names[i], f})
		}
	}
}

// facts reads the answers about one key. It is not ok if the key is gone, or nobody
// may say what it is.
func facts(answers [len(questions)]*redis.Cmd) (f pattern.Facts, ok bool) {
	f = pattern.Facts{TTL: -2, Idle: -1}
	if a := answers[askType]; a != nil {
		f.Type, _ = a.Text()
	}
	if f.Type == "" || f.Type == "none" {
		return f, false
	}
	if a := answers[askEncoding]; a != nil {
		f.Encoding, _ = a.Text()
	}
	if a := answers[askTTL]; a != nil {
		if ttl, err := a.Int64(); err == nil {
			f.TTL = ttl
			if ttl >= 0 {
				f.TTL = int64(math.Ceil(float64(ttl) / 1000))
			}
		}
	}
	if a := answers[askIdle]; a != nil {
		if idle, err := a.Int64(); err == nil {
			f.Idle = idle
		}
	}
	return f, true
}
