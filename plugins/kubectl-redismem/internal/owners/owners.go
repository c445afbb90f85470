// Package owners finds out which workloads use which keys: it watches a server's
// commands for a few seconds with MONITOR, and reads CLIENT LIST.
//
// MONITOR shows values and costs the server: a copy of every command that it
// runs. So nobody is watched without being asked for, only for a bounded time and
// number of commands, and only as long as lines arrive as fast as they are made.
// Of a line nothing but the address, the command and its keys is ever looked at;
// keys are matched to patterns at once and forgotten.
//
// Watch primaries: a replica runs the writes of its primary, from whose address
// they come. Such writes are left out, and a note says so.
package owners

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// DefaultMaxCommands ends the watching of a busy server early.
const DefaultMaxCommands = 50_000

// Config says what to watch. Endpoint, For and Groups have no default.
type Config struct {
	Endpoint    *redisconn.Endpoint // connections of its ClientName are ours, and not reported
	For         time.Duration       // to watch for
	DB          int                 // the only database to watch, or redisconn.AllDatabases
	MaxCommands int64               // to look at, 0 means DefaultMaxCommands
	Groups      []string            // patterns in the syntax of pattern.Glob; of several that match a key, the one that says most counts
	// Resolve names the workload behind an IP. Where it cannot, or is nil, the
	// address stands for itself.
	Resolve func(ip string) (workload string, ok bool)

	lag  time.Duration // for tests; 0 means maxLag
	rate int64         // bytes per second, for tests; 0 means maxRate
}

const (
	// maxLag is how late lines may arrive, compared with the first ones. What
	// arrives late has waited in the server's memory.
	maxLag = time.Second
	// maxRate is what MONITOR may send in bytes per second.
	maxRate = 32 << 20
	timeout = 15 * time.Second
)

// Watch watches one server. What the server forbids is in the notes, no error.
// When ctx ends first, both what was seen until then and the context's error are
// returned. Other errors are about the connection and come without a result.
func Watch(ctx context.Context, c Config) (*report.Owners, error) {
	if c.For <= 0 {
		return nil, fmt.Errorf("watching commands for %v: the time must be positive", c.For)
	}
	w := &watcher{Config: c, ours: map[string]bool{}, seen: map[string]*client{}}
	w.sortGlobs()
	control := w.Endpoint.Client()
	defer control.Close()
	if err := w.listClients(ctx, control); err != nil {
		return nil, err
	}
	commands, err := readTable(ctx, control)
	switch {
	case refused(err):
		w.note("the server refuses COMMAND (%s), without which keys cannot be told from values: only connections are shown", code(err))
	case err != nil:
		return nil, fmt.Errorf("asking the server for its commands: %w", err)
	default:
		if err := w.monitor(ctx, commands); err != nil {
			return nil, err
		}
	}
	if ctx.Err() == nil { // connections that were opened meanwhile, ours among them
		if err := w.listClients(ctx, control); err != nil {
			w.note("the list of clients is from the beginning: it could not be read again")
		}
	}
	return w.result(), ctx.Err()
}

// refused tells a server's answer from a connection that broke.
func refused(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}
