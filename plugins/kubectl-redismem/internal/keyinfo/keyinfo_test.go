package keyinfo_test

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/keyinfo"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T, s *redistest.Server, as ...redisconn.Credential) *redis.Client {
	t.Helper()
	c := (&redisconn.Endpoint{Name: s.Addr, Dial: s.Dial, Credentials: as}).Client()
	t.Cleanup(func() { c.Close() })
	return c
}

func open(t *testing.T, c *redis.Client, db int) *keyinfo.Asker {
	t.Helper()
	a, err := keyinfo.Open(t.Context(), c, db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func do(t *testing.T, c interface {
	Do(ctx context.Context, args ...any) *redis.Cmd
}, command string) {
	t.Helper()
	var words []any
	for _, w := range strings.Fields(command) {
		words = append(words, w)
	}
	if err := c.Do(t.Context(), words...).Err(); err != nil {
		t.Fatal(err)
	}
}

// TestEachAnswerIsAboutItsKey asks for keys of all kinds, one that is not there, and
// one of the same name in another database.
func TestEachAnswerIsAboutItsKey(t *testing.T) {
	s := redistest.Start(t)
	c := connect(t, s)
	for _, command := range []string{"SET str 1", "SETEX brief 100 x", "RPUSH list a b", "HSET hash a 1 b 2 c 3", "SADD set a", "ZADD zset 1 a", "XADD stream * a b"} {
		do(t, c, command)
	}
	in2 := c.Conn()
	defer in2.Close()
	do(t, in2, "SELECT 2")
	do(t, in2, "HSET str f v")
	names := []string{"str", "gone", "brief", "list", "hash", "set", "zset", "stream"}
	a := open(t, c, 0)
	facts := a.Facts(t.Context(), names)
	elements := a.Elements(t.Context(), names, facts)
	want := []string{"string/int -1 -1", "/ -2 -1", "string/embstr 100 -1", "list/listpack -1 2", "hash/listpack -1 3", "set/listpack -1 1", "zset/listpack -1 1", "stream/stream -1 1"}
	for i, f := range facts {
		got := fmt.Sprintf("%s/%s %d %d", f.Type, f.Encoding, f.TTL, elements[i])
		got = strings.NewReplacer("list/quicklist", "list/listpack", "set/hashtable", "set/listpack").Replace(got) // before 7.2
		if got != want[i] || (f.Idle == -1) != (names[i] == "gone") {
			t.Errorf("%s: %s idle %d, want %s", names[i], got, f.Idle, want[i])
		}
	}
	if a.Commands != int64(5*len(names)+5) {
		t.Errorf("%d commands", a.Commands)
	}
	if f := open(t, c, 2).Facts(t.Context(), []string{"str"})[0]; f.Type != "hash" {
		t.Errorf("in database 2: %+v", f)
	}
}

// TestForbiddenQuestionsAreNotAskedAgain, but those forbidden for one key are.
func TestForbiddenQuestionsAreNotAskedAgain(t *testing.T) {
	s := redistest.Start(t)
	c := connect(t, s)
	do(t, c, "SET open:1 1")
	do(t, c, "SET shut:1 1")
	do(t, c, "ACL SETUSER reader on >pw ~open:* +type +pttl +select")
	a := open(t, connect(t, s, redisconn.Credential{Username: "reader", Password: "pw", Source: "test"}), 0)
	for round := range 3 {
		before := a.Commands
		facts := a.Facts(t.Context(), []string{"shut:1", "open:1"})
		if want := (pattern.Facts{TTL: -2, Idle: -1}); facts[0] != want {
			t.Errorf("%+v", facts[0])
		}
		if want := (pattern.Facts{Type: "string", TTL: -1, Idle: -1}); facts[1] != want {
			t.Errorf("%+v", facts[1])
		}
		want := int64(4)
		if round == 0 {
			want = 10
		}
		if got := a.Commands - before; got != want {
			t.Errorf("round %d: %d commands, want %d", round, got, want)
		}
	}
}

// TestExcess: without it, a stream takes as much as the server's memory has grown.
func TestExcess(t *testing.T) {
	s := redistest.Start(t)
	c := connect(t, s)
	used := func() int64 {
		m, err := c.InfoMap(t.Context(), "memory").Result()
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseInt(m["Memory"]["used_memory"], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	add := func(p redis.Pipeliner, i int) {
		p.XAdd(t.Context(), &redis.XAddArgs{Stream: "x", Values: []any{"field", i, "text", strings.Repeat("v", 100)}})
	}
	redistest.Fill(t, c, 1000, add) // buffers have grown
	do(t, c, "DEL x")
	before := used()
	redistest.Fill(t, c, 100_000, add)
	grown := used() - before
	size, err := c.MemoryUsage(t.Context(), "x", 0).Result()
	if err != nil {
		t.Fatal(err)
	}
	a, names, sizes := open(t, c, 0), []string{"x", "none"}, []int64{size, 0}
	facts := a.Facts(t.Context(), names)
	excess := a.Excess(t.Context(), names, facts, sizes, a.Elements(t.Context(), names, facts))
	if off := math.Abs(float64(size-excess[0])/float64(grown) - 1); off > 0.02 || excess[0] < size/50 || excess[1] != 0 {
		t.Errorf("size %d, excess %d, the memory has grown by %d: off by %.1f %%", size, excess[0], grown, off*100)
	}
	if none := a.Excess(t.Context(), names, facts, []int64{1 << 40, 0}, []int64{1, 0}); none[0] != 0 {
		t.Errorf("a stream of huge entries was asked: %v", none)
	}
}

// TestLostConnection: one that is cut is replaced, and a server that is gone is no
// more than silence.
func TestLostConnection(t *testing.T) {
	s := redistest.Start(t)
	c := connect(t, s)
	in2 := connect(t, s).Conn()
	defer in2.Close()
	do(t, in2, "SELECT 2")
	do(t, in2, "HSET k f v")
	a := open(t, c, 2)
	do(t, in2, "CLIENT KILL TYPE normal SKIPME yes")
	if f := a.Facts(t.Context(), []string{"k"})[0]; f.Type != "" {
		t.Errorf("the connection was not cut: %+v", f)
	}
	if f := a.Facts(t.Context(), []string{"k"})[0]; f.Type != "hash" {
		t.Errorf("after another connection: %+v", f)
	}
	s.Stop()
	for range 3 {
		if f := a.Facts(t.Context(), []string{"k"})[0]; f.Type != "" {
			t.Errorf("of a server that is gone: %+v", f)
		}
	}
}
