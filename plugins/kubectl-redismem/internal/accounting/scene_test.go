package accounting

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func item(l *report.Ledger, id string) (report.Item, bool) {
	i := slices.IndexFunc(l.Items, func(i report.Item) bool { return i.ID == id })
	if i < 0 {
		return report.Item{}, false
	}
	return l.Items[i], true
}

func noted(l *report.Ledger, what string) bool {
	return slices.ContainsFunc(l.Notes, func(n string) bool { return strings.Contains(n, what) })
}

// TestDatabases has 200,000 keys of all kinds in 8 databases.
func TestDatabases(t *testing.T) {
	s := redistest.Start(t)
	mixed := slices.DeleteFunc(slices.Clone(redistest.Kinds), func(k redistest.Kind) bool { return k.Name == "streams" })
	var clients []*redis.Client
	for db := range 8 {
		c := redis.NewClient(&redis.Options{Addr: s.Addr, DB: db, Protocol: 2, DisableIdentity: true, PoolSize: 1})
		t.Cleanup(func() { c.Close() })
		redistest.Fill(t, c, 25_000, func(p redis.Pipeliner, i int) { mixed[(db+i)%len(mixed)].Make(p, i) })
		clients = append(clients, c)
	}
	for _, samples := range []int{0, -1} {
		before := take(t, clients[0])
		var m Measured
		for _, c := range clients {
			one := measure(t, c, samples)
			m.Keys += one.Keys
			m.Bytes += one.Bytes
			m.Elements += one.Elements
			m.SetElements += one.SetElements
			m.Lists += one.Lists
			m.Shared += one.Shared
		}
		m.Complete = true
		l := Explain(before, m, take(t, clients[0]))
		balance(t, l)
		t.Logf("%d keys, SAMPLES %d: residual %.2f %%", m.Keys, samples, share(l))
		if limit := map[int]float64{0: 3, -1: 5}[samples]; share(l) > limit || share(l) < -limit {
			t.Errorf("%.2f %% is not explained\n%s", share(l), text(l))
		}
	}
}

func TestReplica(t *testing.T) {
	s := redistest.Start(t, "--repl-backlog-size", "4mb")
	c := client(t, s)
	redistest.Fill(t, c, 20_000, redistest.Kinds[0].Make)
	r := redistest.StartReplica(t, s)
	redistest.Fill(t, c, 80_000, func(p redis.Pipeliner, i int) { redistest.Kinds[0].Make(p, i+20_000) })
	l := within(t, c, 0, 3)
	if i, _ := item(l, Replication); i.Bytes < 1<<20 || i.Bytes > 6<<20 {
		t.Errorf("replication takes %d bytes, but there were megabytes of writes and a backlog of 4\n%s", i.Bytes, text(l))
	}
	within(t, client(t, r), 0, 3)
}

// TestClients has 50 idle ones and one that does not read what it asked for.
func TestClients(t *testing.T) {
	s := redistest.Start(t)
	c := client(t, s)
	redistest.Fill(t, c, 50_000, redistest.Kinds[0].Make)
	if err := c.Set(ctx, "big", strings.Repeat("x", 1<<20), 0).Err(); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		idle, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = idle.Close() })
		if _, err := idle.Write([]byte("PING\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	slow, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := slow.Write([]byte(strings.Repeat("GET big\r\n", 40))); err != nil {
		t.Fatal(err)
	}
	// The server looks at its clients' buffers once in a while.
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if n, _ := take(t, c).figure("clients.normal"); n > 20<<20 {
			break
		} else if time.Since(start) > 20*time.Second {
			t.Fatalf("clients take %d bytes", n)
		}
	}
	time.Sleep(2 * time.Second)
	l := within(t, c, 0, 3)
	if i, _ := item(l, Clients); i.Bytes < 20<<20 {
		t.Errorf("clients take %d bytes\n%s", i.Bytes, text(l))
	}
}

// TestRefused leaves out what may not be asked, and still adds up.
func TestRefused(t *testing.T) {
	s := redistest.Start(t)
	c := client(t, s)
	redistest.Fill(t, c, 50_000, redistest.Kinds[1].Make)
	m := measure(t, c, 0)
	for _, rule := range []struct {
		rules   []any
		note    string
		percent float64
	}{
		{[]any{"+info", "+memory|stats", "+memory|malloc-stats"}, "", 3},
		{[]any{"+info", "+memory|malloc-stats"}, "MEMORY STATS is missing: the server answers NOPERM", 3},
		{[]any{"+info", "+memory|stats"}, "MEMORY MALLOC-STATS is missing: the server answers NOPERM", 8},
		{[]any{"+memory|stats", "+memory|malloc-stats"}, "INFO is missing: the server answers NOPERM", 100},
	} {
		args := append([]any{"ACL", "SETUSER", "looker", "reset", "on", ">word"}, rule.rules...)
		if err := c.Do(ctx, args...).Err(); err != nil {
			t.Fatal(err)
		}
		looker := redis.NewClient(&redis.Options{Addr: s.Addr, Username: "looker", Password: "word", Protocol: 2, DisableIdentity: true})
		l := Explain(take(t, looker), m)
		looker.Close()
		balance(t, l)
		t.Logf("%v: residual %.2f %%", rule.rules, share(l))
		if share(l) > rule.percent || share(l) < -rule.percent || rule.note != "" && !noted(l, rule.note) || noted(l, "word") {
			t.Errorf("%v:\n%s", rule.rules, text(l))
		}
	}
	if err := c.Do(ctx, "ACL", "SETUSER", "looker", "reset", "on", ">word").Err(); err != nil {
		t.Fatal(err)
	}
	looker := redis.NewClient(&redis.Options{Addr: s.Addr, Username: "looker", Password: "word", Protocol: 2, DisableIdentity: true})
	defer looker.Close()
	if s, err := Take(ctx, looker); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("nothing may be asked, and there is %+v, %v", s, err)
	}
}

func TestCluster(t *testing.T) {
	c := client(t, redistest.Start(t, "--cluster-enabled", "yes"))
	if err := c.ClusterAddSlotsRange(ctx, 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); c.Set(ctx, "a", 1, 0).Err() != nil; time.Sleep(50 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatal("the cluster does not come up")
		}
	}
	redistest.Fill(t, c, 50_000, redistest.Kinds[0].Make)
	within(t, c, 0, 3)
}

func TestEmptyAndMoving(t *testing.T) {
	c := client(t, redistest.Start(t))
	l := within(t, c, 0, 20) // 900 KB, of which this client's buffers are some
	if noted(l, "tables") {
		t.Error(text(l))
	}
	before := take(t, c)
	redistest.Fill(t, c, 10_000, redistest.Kinds[0].Make)
	l = Explain(before, Measured{Elements: Unknown}, take(t, c))
	balance(t, l)
	for _, what := range []string{"while keys were sized", "not all keys were seen"} {
		if !noted(l, what) {
			t.Errorf("no note says %q\n%s", what, text(l))
		}
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Take(stopped, c); err == nil {
		t.Error("asked after the end")
	}
}

func TestCombine(t *testing.T) {
	a := client(t, redistest.Start(t))
	redistest.Fill(t, a, 1000, redistest.Kinds[0].Make)
	one := Explain(take(t, a), measure(t, a, 0))
	other := Explain(take(t, a), Measured{Elements: Unknown})
	both := Combine([]*report.Ledger{one, nil, other})
	balance(t, both)
	if both.Used != one.Used+other.Used || both.Resident != one.Resident+other.Resident || both.Fragmentation <= 0 {
		t.Errorf("%+v is not the sum", both)
	}
	if !noted(both, "1 of 3 servers are not in this account") {
		t.Error(text(both))
	}
	if l := Combine([]*report.Ledger{nil}); l != nil {
		t.Errorf("nothing adds up to %+v", l)
	}
	if Explain(nil, Measured{}) != nil || Explain(&Snapshot{}, Measured{}) != nil {
		t.Error("a ledger of nothing")
	}
}
