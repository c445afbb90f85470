package analysis

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/accounting"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/keyinfo"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pace"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
)

// lookups asks what picked keys are, over a connection of its own: type, encoding,
// time to live and idle time. Picks beyond what it can do meanwhile are dropped:
// they are a sample anyway.
type lookups struct {
	picks chan picked
	done  chan struct{}

	commands int64 // that were sent, once done

	mu      sync.Mutex
	results []lookedUp
}

type picked struct {
	name string
	size int64 // 0 if not asked
}

type lookedUp struct {
	name  string
	facts pattern.Facts
}

// mostPicks wait, and are asked for in one go.
const mostPicks = 256

// newLookups begins with one database. If it cannot be selected, nothing is known.
func newLookups(ctx context.Context, client *redis.Client, db int, pacer *pace.Pacer) *lookups {
	l := &lookups{picks: make(chan picked, mostPicks), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		asker, err := keyinfo.Open(ctx, client, db)
		if err == nil {
			defer asker.Close()
			asker.Tell = pacer.Aside
			l.run(ctx, asker)
			l.commands = asker.Commands
		}
		for range l.picks { // until close
		}
	}()
	return l
}

func (l *lookups) pick(name []byte, size int64) {
	const longest = 64 << 10
	if len(name) > longest || len(l.picks) == cap(l.picks) {
		return
	}
	l.picks <- picked{string(name), size}
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
	for first := range l.picks {
		some := []picked{first}
		for more := true; more && len(some) < mostPicks; {
			select {
			case next, open := <-l.picks:
				if more = open; open {
					some = append(some, next)
				}
			default:
				more = false
			}
		}
		if ctx.Err() == nil {
			l.look(ctx, asker, some)
		}
	}
}

// look takes one round trip, two more where there are tables or streams.
func (l *lookups) look(ctx context.Context, asker *keyinfo.Asker, some []picked) {
	names, sizes := make([]string, len(some)), make([]int64, len(some))
	for i, p := range some {
		names[i], sizes[i] = p.name, p.size
	}
	facts := asker.Facts(ctx, names)
	inside(ctx, asker, names, sizes, facts)
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, f := range facts {
		if f.Type != "" {
			if f.Size = sizes[i]; f.Size > 0 {
				f.Slack = accounting.SlackOf(names[i], f.Encoding, f.Size)
			}
			l.results = append(l.results, lookedUp{names[i], f})
		}
	}
}

// inside asks those keys whose size depends on what is inside of them.
func inside(ctx context.Context, asker *keyinfo.Asker, names []string, sizes []int64, facts []pattern.Facts) {
	var which []int
	var some []string
	var of []pattern.Facts
	var size []int64
	for i, f := range facts {
		if sizes[i] > 0 && hasEntries(f) {
			which, some, of, size = append(which, i), append(some, names[i]), append(of, f), append(size, sizes[i])
		}
	}
	if len(which) == 0 {
		return
	}
	elements := asker.Elements(ctx, some, of)
	excess := asker.Excess(ctx, some, of, size, elements)
	for at, i := range which {
		if facts[i].Excess = excess[at]; facts[i].Type != "stream" {
			facts[i].Entries = max(0, elements[at])
		}
	}
}

// hasEntries reports whether what a key takes depends on more than its MEMORY USAGE.
func hasEntries(f pattern.Facts) bool {
	return f.Encoding == "hashtable" || f.Encoding == "skiplist" || f.Type == "stream"
}
