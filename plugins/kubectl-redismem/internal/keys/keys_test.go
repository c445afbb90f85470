package keys

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
)

func endpoint(s *redistest.Server) *redisconn.Endpoint {
	return &redisconn.Endpoint{Name: s.Addr, Addr: s.Addr, Dial: s.Dial}
}

func client(t *testing.T, s *redistest.Server) *redis.Client {
	t.Helper()
	c := endpoint(s).Client()
	t.Cleanup(func() { c.Close() })
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func options(glob string) Options {
	return Options{Match: pattern.NewGlob(glob), DB: redisconn.AllDatabases, Count: 100, Top: 20}
}

func names(l *List) []string {
	out := []string{}
	for _, k := range l.Keys {
		out = append(out, k.Raw())
	}
	return out
}

// TestBiggestOfSeveralServers checks the winners against a sort of everything.
func TestBiggestOfSeveralServers(t *testing.T) {
	type sized struct {
		name string
		size int64
	}
	var truth []sized
	var servers []*redisconn.Endpoint
	for n := range 2 {
		s := redistest.Start(t)
		c := client(t, s)
		for i := range 1500 {
			name := fmt.Sprintf("user:%d-%d:name", n, i)
			must(t, c.Set(t.Context(), name, strings.Repeat("x", (i*7919)%5000), 0).Err())
			size, err := c.MemoryUsage(t.Context(), name).Result()
			must(t, err)
			truth = append(truth, sized{name, size})
		}
		must(t, c.Set(t.Context(), "other", strings.Repeat("x", 1<<20), 0).Err())
		servers = append(servers, endpoint(s))
	}
	slices.SortFunc(truth, func(a, b sized) int { return int(b.size - a.size) })
	l, err := Find(t.Context(), servers, options("user:*:name"))
	must(t, err)
	if !l.Complete || l.Matched != 3000 || len(l.Keys) != 20 {
		t.Fatalf("complete %v, %d matched, %d keys", l.Complete, l.Matched, len(l.Keys))
	}
	var sum int64
	for _, s := range truth {
		sum += s.size
	}
	if l.Bytes != sum {
		t.Errorf("%d bytes, the truth is %d", l.Bytes, sum)
	}
	for i, k := range l.Keys {
		if k.Bytes != truth[i].size {
			t.Errorf("key %d has %d bytes, the truth is %d", i, k.Bytes, truth[i].size)
		}
	}
}

func TestWhatTheWinnersAre(t *testing.T) {
	s := redistest.Start(t)
	c := client(t, s)
	must(t, c.Do(t.Context(), "SELECT", 0).Err())
	in3 := endpoint(s).Client().Conn()
	defer in3.Close()
	must(t, in3.Select(t.Context(), 3).Err())
	for i := range 300 {
		must(t, in3.HSet(t.Context(), "big:hash", fmt.Sprint(i), strings.Repeat("v", 90)).Err())
	}
	must(t, in3.Do(t.Context(), "EXPIRE", "big:hash", 100).Err())
	must(t, c.Set(t.Context(), "big:hash", "of another database", 0).Err())
	l, err := Find(t.Context(), []*redisconn.Endpoint{endpoint(s)}, options("big:*"))
	must(t, err)
	if len(l.Keys) != 2 {
		t.Fatalf("%+v", l.Keys)
	}
	k := l.Keys[0]
	if k.DB != 3 || k.Type != "hash" || k.Encoding != "hashtable" || k.Elements != 300 || k.TTL < 99 || k.TTL > 100 || k.Idle < 0 || k.Idle > 60 {
		t.Errorf("%+v", k)
	}
	if k := l.Keys[1]; k.DB != 0 || k.Type != "string" || k.TTL != -1 || k.Elements != -1 {
		t.Errorf("%+v", k)
	}
}

// TestEveryNameIsFoundByItsOwnPattern: what a report shows as a pattern must lead
// back to the key.
func TestEveryNameIsFoundByItsOwnPattern(t *testing.T) {
	s := redistest.Start(t)
	c := client(t, s)
	hostile := []string{"a\r\nb", "nul\x00", "\x1b[2J", "\xff\xfe", "st*r", "q?", "[x]", `back\slash`, `\x41`, "-", "^", `"q"`, "$(id)"}
	for _, name := range hostile {
		must(t, c.Set(t.Context(), name, 1, 0).Err())
	}
	for _, name := range hostile {
		l, err := Find(t.Context(), []*redisconn.Endpoint{endpoint(s)}, options(string(pattern.AppendEscaped(nil, name))))
		must(t, err)
		if got := names(l); !slices.Equal(got, []string{name}) {
			t.Errorf("%q found %q", name, got)
		}
	}
}

func TestRefusedKeysAreCounted(t *testing.T) {
	s := redistest.Start(t)
	c := client(t, s)
	for _, name := range []string{"open:1", "open:2", "shut:1"} {
		must(t, c.Set(t.Context(), name, 1, 0).Err())
	}
	must(t, c.Do(t.Context(), "ACL", "SETUSER", "reader", "on", ">pw", "%R~open:*", "+ping", "+info", "+scan", "+memory|usage").Err())
	e := endpoint(s)
	e.Credentials = []redisconn.Credential{{Username: "reader", Password: "pw", Source: "test"}}
	l, err := Find(t.Context(), []*redisconn.Endpoint{e}, options("*"))
	must(t, err)
	if l.Matched != 3 || l.Unreadable != 1 || l.Refusals["NOPERM"] != 1 || len(l.Keys) != 2 {
		t.Errorf("%+v", l)
	}
	if k := l.Keys[0]; k.Type != "" || k.TTL != -2 || k.Idle != -1 || k.Elements != -1 {
		t.Errorf("what was refused is not unknown: %+v", k)
	}
}

// cutter breaks the first connections that carry a scan, after some reads.
type cutter struct {
	net.Conn
	left *atomic.Int64
}

func (c cutter) Read(p []byte) (int, error) {
	if c.left.Add(-1) == 0 {
		_ = c.Conn.Close()
	}
	return c.Conn.Read(p)
}

func TestResumesWhereTheConnectionBroke(t *testing.T) {
	s := redistest.Start(t)
	c := client(t, s)
	for i := range 3000 {
		must(t, c.Set(t.Context(), fmt.Sprint("k:", i), strings.Repeat("x", i), 0).Err())
	}
	var left atomic.Int64
	left.Store(40)
	var dials atomic.Int64
	e := endpoint(s)
	e.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		conn, err := s.Dial(ctx, network, addr)
		return cutter{conn, &left}, err
	}
	l, err := Find(t.Context(), []*redisconn.Endpoint{e}, options("k:*"))
	must(t, err)
	biggest, err := c.MemoryUsage(t.Context(), "k:2999").Result()
	must(t, err)
	if l.Matched != 3000 || l.Keys[0].Bytes != biggest || left.Load() > 0 || dials.Load() < 3 {
		t.Errorf("%d matched, the biggest %+v, %d dials", l.Matched, l.Keys[0], dials.Load())
	}
}

// TestALostServerIsNamed: one server's keys, and which other is missing.
func TestALostServerIsNamed(t *testing.T) {
	good, bad := redistest.Start(t), redistest.Start(t)
	must(t, client(t, good).Set(t.Context(), "k", 1, 0).Err())
	bad.Stop()
	l, err := Find(t.Context(), []*redisconn.Endpoint{endpoint(good), endpoint(bad)}, options("*"))
	if err == nil || l.Complete || len(l.Reasons) != 1 || !strings.Contains(l.Reasons[0], bad.Addr) || len(l.Keys) != 1 {
		t.Errorf("%v: %+v", err, l)
	}
}

func TestInterrupted(t *testing.T) {
	s := redistest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if l, err := Find(ctx, []*redisconn.Endpoint{endpoint(s)}, options("*")); !errors.Is(err, context.Canceled) || l.Complete {
		t.Errorf("%v: %+v", err, l)
	}
}

func TestBestKeepsEachNameOnce(t *testing.T) {
	b := NewBest(2)
	for i, name := range []string{"a", "b", "b", "c", "a", "c"} {
		b.Offer([]byte(name), int64(10+i))
	}
	if len(b.list) != 2 || len(b.at) != 2 {
		t.Errorf("%+v", b)
	}
}
