package analysis

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/keyinfo"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
)

// lookups asks what picked keys are, over a connection of its own: type, encoding,
// time to live and idle time. Picks beyond what it can do meanwhile are dropped:
// they are a sample anyway.
type lookups struct {
	picks chan string
	done  chan struct{}

	commands int64 // that were sent, once done

	mu      sync.Mutex
	results []lookedUp
}

type lookedUp struct {
	name  string
	facts pattern.Facts
}

const (
	mostPicks = 256
	batch     = 32
)

// newLookups begins with one database. If it cannot be selected, nothing is known.
func newLookups(ctx context.Context, client *redis.Client, db int) *lookups {
	l := &lookups{picks: make(chan string, mostPicks), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		asker, err := keyinfo.Open(ctx, client, db)
		if err == nil {
			defer asker.Close()
			l.run(ctx, asker)
			l.commands = asker.Commands
		}
		for range l.picks { // until close
		}
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

func (l *lookups) run(ctx context.Context, asker *keyinfo.Asker) {
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
			l.add(names, asker.Facts(ctx, names))
		}
	}
}

func (l *lookups) add(names []string, facts []pattern.Facts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, f := range facts {
		if f.Type != "" {
			l.results = append(l.results, lookedUp{names[i], f})
		}
	}
}
