package analysis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/accounting"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/keys"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pace"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/scan"
)

// unknown is a number of keys that nobody could tell.
const unknown = -1

// shard is a part of the data, read from one node at a time. What was counted
// belongs to that node: another one that takes over begins at nothing, for its
// keys come in another order.
type shard struct {
	*Options
	node     *Node
	progress *progress
	client   *redis.Client

	info                  *redisconn.Server // nil if it could not be asked
	keysBefore, keysAfter int64
	names                 [][]byte // some of them
	notes                 []string
	mode                  string        // of sampling, see report
	copies                *copies       // nil unless somebody wants to see the tree grow
	sofar                 bool          // tree is a part of the keys, and the rest is to be guessed
	tree                  *pattern.Tree // nil before the scan
	biggest               []keys.Key
	databases             []report.Database
	before, afterwards    *accounting.Snapshot // nil if it was not told
	receipts              []pace.Receipt
	sampled               int64 // keys of the databases of which some were read, in mode Keys
	counts                counts
	restarts              int
	done                  bool
}

// counts are a scan's, summed over the databases.
type counts struct {
	seen, vanished, foreign, unreadable int64
	repeats                             int64
	commands, sent, received            int64
	reconnects                          int
	refusals                            map[string]int64
}

// inspect asks the node what it has, and whether it lets us ask for sizes. It is
// asked again, a few times, if it is just not able to.
func (s *shard) inspect(ctx context.Context) error {
	s.client = s.node.Endpoint.Client()
	const tries = 4
	for n := range tries {
		err := s.ask(ctx)
		if !notNow(err) || n == tries-1 {
			return err
		}
		if stopped := pause.For(ctx, 500*time.Millisecond<<n); stopped != nil {
			return stopped
		}
	}
	return nil
}

func (s *shard) ask(ctx context.Context) error {
	info, err := redisconn.Inspect(ctx, s.client)
	if err != nil {
		return err
	}
	if info.Mode == "sentinel" {
		return hint.With(fmt.Errorf("%s is %w", s.node.Endpoint.Name, redisconn.ErrSentinel), "name the Redis that it watches")
	}
	if err := canSize(ctx, s.client); err != nil {
		return err
	}
	if r := info.Replication; info.IsReplica() && !r.LinkUp {
		from := fmt.Sprintf("%s:%d", r.PrimaryHost, r.PrimaryPort)
		if info.Keys() == 0 {
			return fmt.Errorf("%s is a replica that has not got the data of its primary %s yet", s.node.Endpoint.Name, from)
		}
		s.notes = append(s.notes, fmt.Sprintf("%s is a replica that has lost its primary %s: its keys may be old", s.node.Endpoint.Name, from))
	}
	s.info = info
	databases := info.Select(s.DB)
	for _, d := range databases {
		s.keysBefore += d.Keys
	}
	s.names = s.sampleNames(ctx, databases)
	return nil
}

func (s *shard) close() {
	if s.client != nil {
		_ = s.client.Close()
		s.client = nil
	}
}

// maxRestarts bounds how often a shard is begun again on another node: one that
// fails over all the time is never read to its end.
const maxRestarts = 2

// run scans the shard, from another of its nodes if one is lost.
func (s *shard) run(ctx context.Context) error {
	for s.info != nil {
		err := s.scan(ctx)
		if err == nil || ctx.Err() != nil || !lost(err) || s.node.Again == nil || s.restarts >= maxRestarts {
			return err
		}
		next, findErr := s.node.Again(ctx)
		if findErr != nil {
			return fmt.Errorf("%w; %w", err, findErr)
		}
		fresh := &shard{Options: s.Options, node: next, progress: s.progress, keysAfter: unknown, mode: s.mode, copies: s.copies, restarts: s.restarts + 1}
		if inspectErr := fresh.inspect(ctx); inspectErr != nil {
			fresh.close()
			return fmt.Errorf("%w; %w", err, inspectErr)
		}
		s.progress.add(-s.counts.seen)
		s.close()
		*s = *fresh
	}
	return nil // inspect has said why
}

// lost reports whether err is about the node, so that another may do better. What
// one server refuses the next will refuse too.
func lost(err error) bool {
	var reply resp.Error
	refused := errors.As(err, &reply) && !scan.Passing(err)
	return !refused && !errors.Is(err, resp.ErrProtocol) && !errors.Is(err, errMoved)
}

// scan reads the databases of the node, one after the other.
func (s *shard) scan(ctx context.Context) error {
	s.tree = pattern.New(s.Pattern)
	s.counts.refusals = map[string]int64{}
	var wait sync.WaitGroup                                          // for what is asked at the same time: each takes some round trips
	wait.Go(func() { s.before, _ = accounting.Take(ctx, s.client) }) // without it there is no waterfall
	pacer := pace.Start(ctx, s.client, s.node.Endpoint.ClientName, s.Limits)
	wait.Wait()
	err := s.scanDatabases(ctx, pacer)
	s.done = err == nil
	if s.done {
		wait.Go(func() { s.afterwards, _ = accounting.Take(ctx, s.client) })
		wait.Go(func() { err = s.after(ctx) })
	}
	s.receipts = append(s.receipts, pacer.Stop(ctx))
	wait.Wait()
	return err
}

// scanDatabases goes over the databases, at the pace that the server can bear.
func (s *shard) scanDatabases(ctx context.Context, pacer *pace.Pacer) error {
	for _, d := range s.info.Select(s.DB) {
		if err := s.scanDatabase(ctx, d, pacer); err != nil {
			return err
		}
	}
	return nil
}

// errResynced: what was counted may not be there any more, and the rest was not seen.
var errResynced = errors.New("the replica took over other data during the scan")

// errMoved: what moves while it is scanned may be seen on both nodes, or on none.
var errMoved = errors.New("hash slots moved to or from the node during the scan: their keys may be counted twice, or be missing")

func (s *shard) scanDatabase(ctx context.Context, of redisconn.Database, pacer *pace.Pacer) error {
	db := of.DB
	c := &collector{tree: s.tree, mode: s.mode, biggest: keys.NewBest(mostBiggest), precise: policy{expected: of.Keys},
		lookups: newLookups(ctx, s.client, db, pacer)}
	config := scan.Config{
		Dial: s.node.Endpoint.Open, Sink: c, DB: db, Count: s.Count, Chains: s.chains(of), Samples: s.Samples, Pacer: pacer,
	}
	databases := len(s.info.Select(s.DB))
	if s.mode == report.Keys || databases > 1 {
		c.tree = pattern.New(s.Pattern) // how many of its keys were looked at, or read, is not as elsewhere
	}
	if s.mode == report.Keys && of.Keys > s.sampleSize() { // to read all of fewer is no more work
		config.Random = &scan.Random{Keys: s.sampleSize(), For: randomFor}
		config.Count = min(s.Count, randomPage)
		c.random = true
	}
	var told int64
	config.Page = func(seen int64) {
		c.page()
		if databases == 1 {
			s.copies.offer(snapshot{c.tree, s.node, s.info, s.keysBefore})
		}
		s.progress.add(seen - told)
		told = seen
	}
	res, err := scan.Run(ctx, config)
	c.lookups.close()
	c.lookups.deliver(c.tree)
	s.counts.commands += c.lookups.commands
	s.addBiggest(ctx, c.biggest, db, pacer)
	if s.mode == report.Keys && res.Sized > 0 {
		each := float64(of.Keys) / float64(res.Seen()) // keys that one stands for
		c.tree.Weigh(each)
		s.sampled += int64(math.Round(each * float64(res.Sized)))
	}
	if c.tree != s.tree {
		s.tree.Merge(c.tree)
	}
	d := report.Database{Server: s.node.Endpoint.Name, DB: db, Keys: res.Seen(), Complete: res.Complete && s.mode != report.Keys}
	if !res.Complete {
		d.Cursor = res.Cursor
	}
	s.databases = append(s.databases, d)
	s.counts.seen += res.Seen()
	s.counts.vanished += res.Vanished
	s.counts.reconnects += res.Reconnects
	s.counts.repeats += res.Repeats
	s.counts.commands += res.Commands
	s.counts.sent += res.Sent
	s.counts.received += res.Received
	for code, n := range res.Unreadable {
		if c.random { // of draws
			n = int64(math.Ceil(float64(n) * float64(of.Keys) / float64(res.Seen())))
		}
		if code == "MOVED" || code == "ASK" { // another node has them
			s.counts.foreign += n
			continue
		}
		s.counts.unreadable += n
		s.counts.refusals[code] += n
	}
	return err
}

// mostBiggest keys are told of.
const mostBiggest = 10

func (s *shard) addBiggest(ctx context.Context, best *keys.Best, db int, pacer *pace.Pacer) {
	list := best.Keys(s.node.Endpoint.Name, db)
	keys.Describe(ctx, s.client, list, pacer.Aside)
	s.biggest = append(s.biggest, list...)
}

// after counts the keys of the scanned databases once more, and looks whether the
// node still has the slots that it had.
func (s *shard) after(ctx context.Context) error {
	info, err := redisconn.Inspect(ctx, s.client)
	if err != nil {
		return nil // what was scanned is complete all the same
	}
	s.keysAfter = 0
	for _, d := range info.Select(s.DB) {
		s.keysAfter += d.Keys
	}
	if r := info.Replication; info.IsReplica() && (r.Syncing || r.ID != s.info.Replication.ID) {
		s.done = false
		return errResynced
	}
	if info.Cluster != nil && !slices.Equal(s.info.OwnSlots(), info.OwnSlots()) {
		s.done = false
		return errMoved
	}
	return nil
}

// chains is how many walks go over a database at the same time: as many as were
// asked for where the server's SCAN is known to allow it and there is enough to walk
// over.
func (s *shard) chains(of redisconn.Database) int {
	const worthwhile = 10_000 // keys of a walk
	if s.info == nil || !s.info.ChainsAllowed() {
		return 1
	}
	n := max(1, s.Chains)
	for n > 1 && of.Keys < int64(n)*worthwhile {
		n /= 2
	}
	return n
}
