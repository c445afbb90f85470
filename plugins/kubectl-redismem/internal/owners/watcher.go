package owners

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
)

// watcher counts. Counts are by address until the end: which of the addresses
// are ours is known only then.
type watcher struct {
	Config
	globs []glob // those first that say most
	notes []string

	ours    map[string]bool    // addresses
	primary string             // that this server copies, "" if it does not tell or is no replica
	replica bool               //
	clients []connection       // as listed last
	seen    map[string]*client // by address

	looked     int64 // lines of others
	dropped    int64
	replicated int64 // lines that came from the primary
	script     string
	started    time.Time
	seconds    float64
	least      time.Duration // of all lines' lags: the clocks' difference and the way
	lagKnown   bool
	why        string // it ended early
	matched    []int  // by the current command
}

// client is what one address did.
type client struct {
	commands, unknown int64
	uses              map[int]*use // by group; other for keys of none
}

type use struct{ reads, writes int64 }

const other = -1

// scriptAddress is what commands of a script have if the call was not seen.
const scriptAddress = "lua"

func (w *watcher) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(w.notes, n) {
		w.notes = append(w.notes, n)
	}
}

// monitor watches until time, commands or the context end. Only errors of
// connecting are returned.
func (w *watcher) monitor(ctx context.Context, t table) error {
	conn, err := w.Endpoint.Open(ctx)
	if err != nil {
		return fmt.Errorf("connecting to watch commands: %w", err)
	}
	defer conn.Close()
	if a := conn.LocalAddr(); a != nil { // behind a proxy, CLIENT LIST knows better
		w.ours[a.String()] = true
	}
	_ = conn.SetDeadline(time.Now().Add(timeout))
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(resp.AppendCommand(nil, "MONITOR")); err != nil {
		return w.unlessDone(ctx, err)
	}
	in := bufio.NewReaderSize(conn, 64<<10)
	answer, err := in.ReadSlice('\n')
	switch {
	case err != nil:
		return w.unlessDone(ctx, err)
	case answer[0] == '-':
		word, _, _ := strings.Cut(strings.TrimSpace(string(answer[1:])), " ")
		w.note("the server refuses MONITOR (%s): only connections are shown", word)
		return nil
	}
	w.started = time.Now()
	w.read(ctx, conn, in, t)
	w.seconds = time.Since(w.started).Seconds()
	return nil
}

func (w *watcher) unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("starting to watch commands: %w", err)
}

func (w *watcher) read(ctx context.Context, conn net.Conn, in *bufio.Reader, t table) {
	end := w.started.Add(w.For)
	_ = conn.SetDeadline(end)
	if ctx.Err() != nil { // it may have ended between its deadline and ours
		return
	}
	rate := w.rate
	if rate == 0 {
		rate = maxRate
	}
	p := &parser{table: t, line: w.line}
	var received int64
	for w.why == "" && ctx.Err() == nil {
		// All that is buffered, or else one read.
		if _, err := in.Peek(1); err != nil {
			w.ended(err)
			return
		}
		b, _ := in.Peek(in.Buffered())
		received += int64(len(b))
		p.feed(b)
		_, _ = in.Discard(len(b))
		now := time.Now()
		if now.After(end) {
			return
		}
		if w.why == "" && received > int64(float64(rate)*(1+now.Sub(w.started).Seconds())) {
			w.why = fmt.Sprintf("MONITOR sent more than %d MiB/s", rate>>20)
		}
	}
}

// ended takes note of a connection that broke.
func (w *watcher) ended(err error) {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
	case errors.Is(err, io.EOF):
		w.why = "the server closed the connection"
	default:
		w.why = "the connection broke"
	}
}

// line counts one command.
func (w *watcher) line(l *line) {
	addr := string(l.addr)
	switch {
	case w.why != "":
		w.dropped++
		return
	case w.DB != redisconn.AllDatabases && l.db >= 0 && l.db != w.DB:
		return
	case addr == w.primary && addr != "":
		w.replicated++
		w.script = ""
		return
	case w.ours[addr]:
		w.script = ""
		return
	case addr == scriptAddress && w.script != "":
		addr = w.script
	case addr == scriptAddress:
	case l.layout != nil && l.layout.script:
		w.script = addr
	default:
		w.script = ""
	}
	w.looked++
	c := w.seen[addr]
	if c == nil {
		c = &client{uses: map[int]*use{}}
		w.seen[addr] = c
	}
	c.commands++
	if l.unknown {
		c.unknown++
	}
	w.use(c, l)
	w.check(l.at)
}

// use counts a command once for each pattern that it has keys of.
func (w *watcher) use(c *client, l *line) {
	w.matched = w.matched[:0]
	for _, k := range l.keys {
		g := w.group(k)
		if slices.Contains(w.matched, g) {
			continue
		}
		w.matched = append(w.matched, g)
		u := c.uses[g]
		if u == nil {
			u = &use{}
			c.uses[g] = u
		}
		if l.layout.write {
			u.writes++
		} else {
			u.reads++
		}
	}
}

// glob is the pattern of a group.
type glob struct {
	pattern.Glob
	group int
}

// sortGlobs puts user:*:cart before user:*, of which a report has the rest.
func (w *watcher) sortGlobs() {
	for i, g := range w.Groups {
		w.globs = append(w.globs, glob{pattern.NewGlob(g), i})
	}
	says := func(g glob) int { return len(w.Groups[g.group]) - strings.Count(w.Groups[g.group], "*") }
	slices.SortStableFunc(w.globs, func(a, b glob) int { return cmp.Compare(says(b), says(a)) })
}

// group is the one that a key belongs to, or other.
func (w *watcher) group(key []byte) int {
	for _, g := range w.globs {
		if g.Match(key) {
			return g.group
		}
	}
	return other
}

// check ends the watching when it has become too much. Clocks differ, so the lag
// is compared with the least one.
func (w *watcher) check(at time.Time) {
	most, limit := w.MaxCommands, w.lag
	if most == 0 {
		most = DefaultMaxCommands
	}
	if limit == 0 {
		limit = maxLag
	}
	if w.looked >= most {
		w.why = fmt.Sprintf("%d commands were seen", w.looked)
		return
	}
	if at.IsZero() {
		return
	}
	lag := time.Since(at)
	if !w.lagKnown || lag < w.least {
		w.least, w.lagKnown = lag, true
	}
	if lag-w.least > limit {
		w.why = fmt.Sprintf("lines arrived more than %v late, so they piled up in the server's memory", limit)
	}
}
