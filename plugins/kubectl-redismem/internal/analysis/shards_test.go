package analysis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func node(s *redistest.Server, name string) *Node {
	return &Node{Endpoint: &redisconn.Endpoint{Name: name, Dial: s.Dial, ReadOnly: true}}
}

func client(t *testing.T, s *redistest.Server) *redis.Client {
	t.Helper()
	c := (&redisconn.Endpoint{Name: "test", Dial: s.Dial}).Client()
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// populate sets n keys PREFIX:N.
func populate(t *testing.T, s *redistest.Server, prefix string, n int) {
	t.Helper()
	pipe := client(t, s).Pipeline()
	for i := range n {
		pipe.Set(t.Context(), fmt.Sprintf("%s:%d", prefix, i), i, 0)
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, s Subject) (*report.Report, error) {
	t.Helper()
	r, err := Run(t.Context(), s, Options{DB: redisconn.AllDatabases})
	if r == nil {
		t.Fatal(err)
	}
	keys, bytes := r.Other.Keys, r.Other.Bytes
	for _, g := range r.Groups {
		keys, bytes = keys+g.Keys, bytes+g.Bytes
	}
	if keys != r.Totals.Keys || bytes != r.Totals.Bytes {
		t.Errorf("groups add up to %d keys of %d bytes, the totals are %+v", keys, bytes, r.Totals)
	}
	return r, err
}

// TestShardsAddUp: what several servers have together, under patterns that each
// of them has and under one's own.
func TestShardsAddUp(t *testing.T) {
	a, b := redistest.Start(t), redistest.Start(t)
	populate(t, a, "user", 2000)
	populate(t, b, "cart", 3000)
	populate(t, b, "user", 500)
	r, err := run(t, Subject{Nodes: []*Node{node(a, "a"), node(b, "b")}})
	if err != nil || !r.Coverage.Complete || r.Coverage.Seen != 5500 || r.Coverage.KeysAfter != 5500 || len(r.Servers) != 2 {
		t.Errorf("%v, %+v", err, r.Coverage)
	}
	found := map[string]int64{}
	for _, g := range r.Groups {
		found[g.Pattern] = g.Keys
	}
	if len(found) != 2 || found["user:*"] != 2500 || found["cart:*"] != 3000 {
		t.Errorf("groups: %v", found)
	}
}

// TestMissingShardMakesTheReportPartial: what is there is counted, what is not is
// named, and the error says how much that is.
func TestMissingShardMakesTheReportPartial(t *testing.T) {
	a := redistest.Start(t)
	populate(t, a, "user", 10)
	gone := &Node{Endpoint: &redisconn.Endpoint{Name: "b", Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no route")
	}}}
	for name, s := range map[string]Subject{
		"nobody to ask": {Nodes: []*Node{node(a, "a")}, Missing: []string{"slots 1-2: no pod answers"}},
		"no answer":     {Nodes: []*Node{node(a, "a"), gone}},
	} {
		r, err := run(t, s)
		if err == nil || r.Coverage.Complete || len(r.Coverage.Missing) != 1 || r.Totals.Keys != 10 {
			t.Errorf("%s: %v, %+v", name, err, r.Coverage)
		}
	}
}

// dying is a node whose server is shut down when the scan has read some of it.
func dying(t *testing.T, s *redistest.Server, name string) *Node {
	n := node(s, name)
	var read atomic.Int64
	var dead atomic.Bool
	n.Endpoint.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dead.Load() {
			return nil, errors.New("connection refused")
		}
		conn, err := s.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &mortal{Conn: conn, read: &read, die: func() {
			if dead.CompareAndSwap(false, true) {
				s.Stop()
			}
		}}, nil
	}
	return n
}

type mortal struct {
	net.Conn
	read *atomic.Int64
	die  func()
}

func (c *mortal) Read(p []byte) (int, error) {
	const enough = 100_000
	n, err := c.Conn.Read(p)
	if c.read.Add(int64(n)) > enough {
		c.die()
	}
	return n, err
}

// TestShardIsBegunAgainOnAnotherNode: nothing of the lost node is counted twice.
func TestShardIsBegunAgainOnAnotherNode(t *testing.T) {
	const keys = 20_000
	a, replica, other := redistest.Start(t), redistest.Start(t), redistest.Start(t)
	populate(t, a, "user", keys)
	populate(t, replica, "user", keys)
	populate(t, other, "user", 100)
	lost := dying(t, a, "a")
	lost.Again = func(context.Context) (*Node, error) { return node(replica, "replica"), nil }
	r, err := run(t, Subject{Nodes: []*Node{lost, node(other, "other")}})
	if err != nil || !r.Coverage.Complete || r.Coverage.Restarts != 1 || r.Totals.Keys != keys+100 || r.Coverage.Seen != keys+100 {
		t.Errorf("%v, %+v", err, r.Coverage)
	}
	if r.Servers[0].Address != "replica" {
		t.Errorf("servers: %+v", r.Servers)
	}
}

// TestLostShardIsReportedAsFarAsItWasRead: the others are complete.
func TestLostShardIsReportedAsFarAsItWasRead(t *testing.T) {
	const keys = 20_000
	a, other := redistest.Start(t), redistest.Start(t)
	populate(t, a, "user", keys)
	populate(t, other, "cart", 100)
	r, err := run(t, Subject{Nodes: []*Node{dying(t, a, "a"), node(other, "other")}})
	if err == nil || !strings.HasPrefix(err.Error(), "a: ") || r.Coverage.Complete || len(r.Coverage.Reasons) != 1 {
		t.Errorf("%v, %+v", err, r.Coverage)
	}
	for _, d := range r.Coverage.Databases {
		if d.Complete != (d.Server == "other") || d.Complete != (d.Cursor == "") {
			t.Errorf("%+v", d)
		}
	}
	if r.Totals.Keys <= 100 || r.Totals.Keys >= keys+100 || r.Coverage.KeysBefore != keys+100 {
		t.Errorf("%+v, %+v", r.Totals, r.Coverage)
	}
}

// TestSlotsThatMoveMakeTheReportPartial: a slot leaves the node while it is read.
func TestSlotsThatMoveMakeTheReportPartial(t *testing.T) {
	cluster := redistest.StartCluster(t, 3, 0)
	from, to := client(t, cluster.Primaries[0]), client(t, cluster.Primaries[1])
	pipe := from.Pipeline()
	for i := range 20_000 {
		pipe.Set(t.Context(), fmt.Sprintf("{06S}:%d", i), i, 0) // slot 0
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	id, err := to.Do(t.Context(), "CLUSTER", "MYID").Text()
	if err != nil {
		t.Fatal(err)
	}
	n := node(cluster.Primaries[0], "a")
	var read atomic.Int64
	var moved atomic.Bool
	n.Endpoint.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := cluster.Primaries[0].Dial(ctx, network, addr)
		return &mortal{Conn: conn, read: &read, die: func() {
			if !moved.CompareAndSwap(false, true) {
				return
			}
			for _, c := range []*redis.Client{to, from} {
				if err := c.Do(context.Background(), "CLUSTER", "SETSLOT", 7, "NODE", id).Err(); err != nil {
					t.Error(err)
				}
			}
		}}, err
	}
	r, err := run(t, Subject{Nodes: []*Node{n}})
	if !errors.Is(err, errMoved) || r.Coverage.Complete || len(r.Coverage.Reasons) != 1 || r.Totals.Keys != 20_000 {
		t.Errorf("%v, %+v", err, r.Coverage)
	}
}

// TestChainsInACluster: a node whose slots share one table is walked over by several
// chains, and counted exactly all the same; random pages of it are a fair sample.
func TestChainsInACluster(t *testing.T) {
	cluster := redistest.StartCluster(t, 3, 0)
	var nodes []*Node
	total := int64(0)
	for i, s := range cluster.Primaries {
		c := client(t, s)
		pipe := c.Pipeline()
		for k := range 30_000 { // those that are not of this node are refused
			pipe.Set(t.Context(), fmt.Sprintf("user:%d:%d", i, k), strings.Repeat("x", k%100), 0)
		}
		_, _ = pipe.Exec(t.Context())
		total += c.DBSize(t.Context()).Val()
		nodes = append(nodes, node(s, fmt.Sprint("node", i)))
	}
	if total < 20_000 {
		t.Fatalf("only %d keys", total)
	}
	full, err := Run(t.Context(), Subject{Nodes: nodes}, Options{DB: redisconn.AllDatabases, Chains: 4})
	if err != nil || full.Totals.Keys != total || !full.Coverage.Complete {
		t.Fatalf("%d keys of %d, %+v, %v", full.Totals.Keys, total, full.Coverage, err)
	}
	sampled, err := Run(t.Context(), Subject{Nodes: nodes}, Options{DB: redisconn.AllDatabases, Sampling: report.Keys, sample: 5000})
	if err != nil {
		t.Fatal(err)
	}
	info, err := redisconn.Inspect(t.Context(), client(t, cluster.Primaries[0]))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[bool]string{true: report.Sizes, false: report.Keys}[info.SlotOrdered()]; sampled.Sampling.Mode != want {
		t.Errorf("mode %s, want %s", sampled.Sampling.Mode, want)
	}
	if off := sampled.Totals.Bytes - full.Totals.Bytes; max(off, -off) > full.Totals.Bytes/20 {
		t.Errorf("sampled %+v, all %+v", sampled.Totals, full.Totals)
	}
}

// TestReplicaOfAnotherPrimary: what a replica took over in mid-scan is counted from
// the start, and what it had before is not in the report.
func TestReplicaOfAnotherPrimary(t *testing.T) {
	first, second := redistest.Start(t, "--repl-diskless-sync-delay", "0"), redistest.Start(t, "--repl-diskless-sync-delay", "0")
	populate(t, first, "user", 20_000)
	populate(t, second, "acct", 5000)
	replica := redistest.StartReplica(t, first)
	var read atomic.Int64
	var moved atomic.Bool
	n := node(replica, "a")
	n.Endpoint.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := replica.Dial(ctx, network, addr)
		return &mortal{Conn: conn, read: &read, die: func() {
			if moved.CompareAndSwap(false, true) {
				if err := client(t, replica).Do(context.Background(), "REPLICAOF", "127.0.0.1", second.Port).Err(); err != nil {
					t.Error(err)
				}
			}
		}}, err
	}
	again := 0
	n.Again = func(context.Context) (*Node, error) {
		again++
		for range 100 {
			if info, err := redisconn.Inspect(t.Context(), client(t, replica)); err == nil && info.Replication.LinkUp && info.Keys() == 5000 {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		return node(replica, "a"), nil
	}
	r, err := run(t, Subject{Nodes: []*Node{n}})
	if err != nil || !r.Coverage.Complete || r.Totals.Keys != 5000 || again != 1 || r.Coverage.Restarts != 1 {
		t.Errorf("%v, %d times again, %+v, %+v", err, again, r.Totals, r.Coverage)
	}
}

// TestReplicaWithoutData is no empty database.
func TestReplicaWithoutData(t *testing.T) {
	s := redistest.Start(t, "--replicaof", "127.0.0.1 1")
	if r, err := Run(t.Context(), Subject{Nodes: []*Node{node(s, "a")}}, Options{DB: redisconn.AllDatabases}); err == nil || !strings.Contains(err.Error(), "has not got the data of its primary 127.0.0.1:1") {
		t.Errorf("%+v, %v", r, err)
	}
}
