package owners

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

const secret = "s3cr3t-value"

// start runs a server that lets in more of the loopback network than 127.0.0.1,
// which is all that it listens on.
func start(t *testing.T) *redistest.Server {
	t.Helper()
	return redistest.Start(t, "--protected-mode", "no")
}

func config(s *redistest.Server, groups ...string) Config {
	e := &redisconn.Endpoint{Name: s.Addr, Addr: s.Addr, Dial: s.Dial, ClientName: "kubectl-redismem"}
	return Config{Endpoint: e, For: 20 * time.Second, DB: redisconn.AllDatabases, Groups: groups}
}

// from is a client whose address is ip.
func from(t *testing.T, s *redistest.Server, ip string) *redis.Client {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	c := redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2, DisableIdentity: true, PoolSize: 1, MaxRetries: -1,
		Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "tcp", s.Addr) }})
	t.Cleanup(func() { c.Close() })
	if err := c.Ping(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	return c
}

// watch runs Watch, calls act once the server has a monitor, and ends the
// watching with a command that nobody else sends: the bound is on commands, so
// that tests need no particular time.
func watch(t *testing.T, s *redistest.Server, c Config, act func()) *report.Owners {
	t.Helper()
	admin := from(t, s, "127.0.0.9")
	type answer struct {
		o   *report.Owners
		err error
	}
	done := make(chan answer, 1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		o, err := Watch(ctx, c)
		done <- answer{o, err}
	}()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		list, err := admin.ClientList(context.Background()).Result()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(list, "flags=O") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody watches")
		}
	}
	act()
	a := <-done
	if a.err != nil {
		t.Fatal(a.err)
	}
	text, err := json.Marshal(a.o)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), secret) {
		t.Errorf("a value got into the result: %s", text)
	}
	return a.o
}

func users(o *report.Owners, pattern string) []report.User {
	for _, g := range o.Groups {
		if g.Pattern == pattern {
			return g.Users
		}
	}
	return nil
}

func expect(t *testing.T, o *report.Owners, pattern string, want ...report.User) {
	t.Helper()
	got := users(o, pattern)
	if pattern == "" {
		got = o.Other
	}
	if !slices.Equal(got, want) {
		t.Errorf("users of %q: %+v, want %+v", pattern, got, want)
	}
}

func TestWhoUsesWhat(t *testing.T) {
	s := start(t)
	shop, batch := from(t, s, "127.0.0.2"), from(t, s, "127.0.0.3")
	c := config(s, "cart:*", "stream:*", `bin:\x00*`, "z:*")
	c.For = 2 * time.Second
	c.Resolve = func(ip string) (string, bool) { return "deployment/shop", ip == "127.0.0.2" }
	ctx := context.Background()
	o := watch(t, s, c, func() {
		for _, args := range [][]any{
			{"SET", "cart:1", secret},
			{"GET", "cart:1"},
			{"MSET", "cart:2", secret, "cart:3", "cart:4", "elsewhere", secret}, // one write here, one elsewhere
			{"BLPOP", "cart:list", "cart:list2", "0.01"},
			{"set", "bin:\x00\"\\\r\n\xff", "cart:\" \"cart:9\""}, // a value that looks like keys
			{"PUBLISH", "cart:channel", secret},
			{"ZUNIONSTORE", "z:sum", 2, "z:a", "z:b", "WEIGHTS", 1, 2},
			{"OBJECT", "ENCODING", "cart:1"},
			{"MEMORY", "USAGE", "cart:1"},
		} {
			if err := shop.Do(ctx, args...).Err(); err != nil && !errors.Is(err, redis.Nil) {
				t.Errorf("%v: %v", args, err)
			}
		}
		for _, args := range [][]any{
			{"XADD", "stream:1", "*", "field", secret},
			{"XREAD", "COUNT", 1, "STREAMS", "stream:1", "stream:2", "0", "0"},
			{"EVAL", "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])", 1, "cart:lua", secret},
			{"MULTI"}, {"SET", "cart:tx", secret}, {"DEL", "cart:tx"}, {"EXEC"},
			{"LPUSH", "unsorted", 2, 1}, {"SORT", "unsorted", "STORE", "cart:sorted"},
		} {
			if err := batch.Do(ctx, args...).Err(); err != nil {
				t.Errorf("%v: %v", args, err)
			}
		}
	})
	// cart by shop: SET, MSET, BLPOP write; GET, OBJECT, MEMORY read.
	// cart by batch: SET and GET of the script, SET and DEL of the transaction, SORT.
	expect(t, o, "cart:*", report.User{Workload: "deployment/shop", Reads: 3, Writes: 3}, report.User{Workload: "127.0.0.3", Reads: 1, Writes: 4})
	expect(t, o, `bin:\x00*`, report.User{Workload: "deployment/shop", Writes: 1})
	expect(t, o, "z:*", report.User{Workload: "deployment/shop", Writes: 1})
	expect(t, o, "stream:*", report.User{Workload: "127.0.0.3", Reads: 1, Writes: 1})
	expect(t, o, "", report.User{Workload: "127.0.0.3", Writes: 2}, report.User{Workload: "deployment/shop", Writes: 1})
	if o.Unknown != 0 || o.Dropped != 0 || o.Seconds < 1.9 {
		t.Errorf("unclear %d, dropped %d, %.2f s; notes %q", o.Unknown, o.Dropped, o.Seconds, o.Notes)
	}
	for _, c := range o.Clients {
		if c.Workload == "127.0.0.1" || c.Connections != 1 || c.Memory <= 0 {
			t.Errorf("client %+v: ours, or not as it is", c)
		}
	}
	if len(o.Clients) != 3 { // with the one of the test itself
		t.Errorf("clients %+v", o.Clients)
	}
}

func TestCapEndsEarlyAndIsSaid(t *testing.T) {
	s := start(t)
	c := config(s, "k:*")
	c.MaxCommands = 1000
	o := watch(t, s, c, func() { burst(t, s, 5000) })
	expect(t, o, "k:*", report.User{Workload: "127.0.0.2", Writes: 1000})
	if o.Commands != 1000 || o.Seconds >= 20 || !strings.Contains(strings.Join(o.Notes, "\n"), "1000 commands were seen") {
		t.Errorf("commands %d in %.1f s, notes %q", o.Commands, o.Seconds, o.Notes)
	}
}

func TestBurst(t *testing.T) {
	s := start(t)
	c := config(s, "k:*")
	const n = 100_000
	c.MaxCommands, c.lag = n, time.Minute // slow machines may lag
	o := watch(t, s, c, func() { burst(t, s, n) })
	expect(t, o, "k:*", report.User{Workload: "127.0.0.2", Writes: n})
}

// burst sends n commands at once over a socket of its own, and nothing else: a
// client library would greet the server, which MONITOR shows too.
func burst(t *testing.T, s *redistest.Server, n int) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.2")}}
	conn, err := d.Dial("tcp", s.Addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	go func() {
		var out []byte
		for range n {
			out = resp.AppendCommand(out, "SET", "k:1", secret)
		}
		if _, err := conn.Write(out); err != nil {
			t.Error(err)
		}
	}()
	if _, err := io.CopyN(io.Discard, conn, int64(n*len("+OK\r\n"))); err != nil {
		t.Error(err)
	}
}

func TestRefusedMonitorLeavesConnections(t *testing.T) {
	s := start(t)
	admin := from(t, s, "127.0.0.2")
	if err := admin.Do(context.Background(), "ACL", "SETUSER", "default", "-monitor").Err(); err != nil {
		t.Fatal(err)
	}
	o, err := Watch(context.Background(), config(s, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Clients) != 1 || o.Clients[0].Workload != "127.0.0.2" || !strings.Contains(strings.Join(o.Notes, "\n"), "refuses MONITOR (NOPERM)") {
		t.Errorf("%+v", o)
	}
}

func TestCancelReturnsWhatWasSeen(t *testing.T) {
	s := start(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c := config(s, "*")
	c.For = time.Minute
	began := time.Now()
	o, err := Watch(ctx, c)
	if !errors.Is(err, context.DeadlineExceeded) || o == nil || time.Since(began) > 10*time.Second {
		t.Errorf("%+v, %v after %v", o, err, time.Since(began))
	}
}
