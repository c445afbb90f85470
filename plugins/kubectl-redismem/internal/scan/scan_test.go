package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dialTo(s *redistest.Server) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) { return s.Dial(ctx, "", "") }
}

func client(t testing.TB, s *redistest.Server) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2, DisableIdentity: true, ReadTimeout: time.Minute})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// fill makes n strings, every 10th with a long value, and some keys with names
// that break careless tools.
func fill(t testing.TB, c *redis.Client, n int) {
	t.Helper()
	ctx := context.Background()
	pipe := c.Pipeline()
	flush := func() {
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		pipe.Set(ctx, fmt.Sprintf("user:%d:profile", i), strings.Repeat("x", 10+i%10*20), 0)
		if i%1000 == 999 {
			flush()
		}
	}
	for _, name := range []string{"", "a\r\nb", "\x00", "\x1b[2J", "\xff\xfe", strings.Repeat("n", 512<<10), "=cmd", "*"} {
		pipe.Set(ctx, name, "v", 0)
	}
	pipe.HSet(ctx, "h", "f", "v")
	pipe.RPush(ctx, "l", "1", "2")
	pipe.SAdd(ctx, "s", "a")
	pipe.ZAdd(ctx, "z", redis.Z{Score: 1, Member: "a"})
	flush()
}

// TestEveryKeyOnceWithItsSize compares with MEMORY USAGE asked for each key of
// KEYS on its own.
func TestEveryKeyOnceWithItsSize(t *testing.T) {
	server := redistest.Start(t)
	c := client(t, server)
	fill(t, c, 20_000)
	ctx := context.Background()
	want := map[string]int64{}
	for _, k := range c.Keys(ctx, "*").Val() {
		want[k] = c.MemoryUsage(ctx, k).Val()
	}
	got := map[string]int64{}
	var pages, lastSeen int64
	res, err := Run(ctx, Config{Dial: dialTo(server), Page: func(seen int64) { pages++; lastSeen = seen },
		Sink: EverySize(func(name []byte, size int64) {
			if _, dup := got[string(name)]; dup {
				t.Errorf("key %.40q twice", name)
			}
			got[string(name)] = size
		})})
	if err != nil || !res.Complete || res.Vanished != 0 || len(res.Unreadable) != 0 {
		t.Fatalf("result %+v, error %v", res, err)
	}
	if n := c.DBSize(ctx).Val(); res.Sized != n || int64(len(got)) != n || lastSeen != n {
		t.Errorf("sized %d, distinct %d, reported %d; DBSIZE %d", res.Sized, len(got), lastSeen, n)
	}
	for k, size := range want {
		if got[k] != size {
			t.Errorf("size of %.40q = %d, want %d", k, got[k], size)
		}
	}
	if pages != res.Pages || pages < 20 {
		t.Errorf("%d pages reported, %d counted", pages, res.Pages)
	}
}

func TestEmptyAndOtherDatabase(t *testing.T) {
	server := redistest.Start(t)
	ctx := context.Background()
	c := redis.NewClient(&redis.Options{Addr: server.Addr, DB: 5})
	defer c.Close()
	c.Set(ctx, "only", "v", 0)
	for db, want := range map[int]int64{0: 0, 5: 1} {
		res, err := Run(ctx, Config{Dial: dialTo(server), DB: db, Sink: EverySize(func([]byte, int64) {})})
		if err != nil || !res.Complete || res.Sized != want {
			t.Errorf("database %d: %+v, %v; want %d keys", db, res, err, want)
		}
	}
	_, err := Run(ctx, Config{Dial: dialTo(server), DB: 99, Sink: EverySize(func([]byte, int64) {})})
	if err == nil || !strings.Contains(err.Error(), "selecting database 99") {
		t.Errorf("database 99: %v", err)
	}
}

// TestServerWorkIsScanAndMemoryOnly reads the server's own statistics: no KEYS,
// no TYPE, and one SCAN for each page.
func TestServerWorkIsScanAndMemoryOnly(t *testing.T) {
	server := redistest.Start(t)
	c := client(t, server)
	fill(t, c, 5000)
	ctx := context.Background()
	c.ConfigResetStat(ctx)
	res, err := Run(ctx, Config{Dial: dialTo(server), Sink: EverySize(func([]byte, int64) {})})
	if err != nil {
		t.Fatal(err)
	}
	stats := c.Info(ctx, "commandstats").Val()
	for _, want := range []string{fmt.Sprintf("cmdstat_scan:calls=%d,", res.Pages), fmt.Sprintf("cmdstat_memory|usage:calls=%d,", res.Sized)} {
		if !strings.Contains(stats, want) {
			t.Errorf("statistics lack %q:\n%s", want, stats)
		}
	}
	for line := range strings.Lines(stats) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":")
		if strings.HasPrefix(line, "cmdstat_") && !slices.Contains([]string{"scan", "memory|usage", "info", "config|resetstat"}, name) {
			t.Errorf("unexpected command %q", name)
		}
	}
}

// cutConn fails every read after limit bytes.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		_ = c.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// TestResumesWithoutLossOrRepeat cuts the connection again and again, at places
// that walk through pages and sizes.
func TestResumesWithoutLossOrRepeat(t *testing.T) {
	server := redistest.Start(t)
	c := client(t, server)
	fill(t, c, 10_000)
	dials := 0
	dial := func(ctx context.Context) (net.Conn, error) {
		conn, err := server.Dial(ctx, "", "")
		dials++
		return &cutConn{conn, 50_000 + dials%7*111_111}, err // one page holds a name of 512 KB
	}
	seen := map[string]int{}
	res, err := Run(context.Background(), Config{Dial: dial, Retries: 8, Backoff: time.Microsecond, Sink: EverySize(func(name []byte, _ int64) { seen[string(name)]++ })})
	if err != nil || !res.Complete || res.Reconnects == 0 || res.Reconnects != dials-1 {
		t.Fatalf("%d dials, result %+v, error %v", dials, res, err)
	}
	if n := c.DBSize(context.Background()).Val(); res.Sized != n || int64(len(seen)) != n {
		t.Errorf("sized %d, distinct %d, DBSIZE %d", res.Sized, len(seen), n)
	}
}

func TestRestartedServerIsNotResumed(t *testing.T) {
	first, second := redistest.Start(t), redistest.Start(t)
	fill(t, client(t, first), 10_000)
	dials := 0
	dial := func(ctx context.Context) (net.Conn, error) {
		if dials++; dials > 1 {
			return second.Dial(ctx, "", "")
		}
		conn, err := first.Dial(ctx, "", "")
		return &cutConn{conn, 650_000}, err
	}
	res, err := Run(context.Background(), Config{Dial: dial, Backoff: time.Millisecond, Sink: EverySize(func([]byte, int64) {})})
	if !errors.Is(err, ErrOtherServer) || res.Complete || res.Sized == 0 || res.Cursor == "0" {
		t.Errorf("result %+v, error %v; want a partial result and ErrOtherServer", res, err)
	}
}

func TestGivesUpAfterTries(t *testing.T) {
	server := redistest.Start(t)
	fill(t, client(t, server), 10_000)
	dials := 0
	dial := func(ctx context.Context) (net.Conn, error) {
		if dials++; dials > 1 {
			return nil, errors.New("pod is gone")
		}
		conn, err := server.Dial(ctx, "", "")
		return &cutConn{conn, 650_000}, err
	}
	res, err := Run(context.Background(), Config{Dial: dial, Retries: 2, Backoff: time.Millisecond, Sink: EverySize(func([]byte, int64) {})})
	if err == nil || err.Error() != "pod is gone" || dials != 3 || res.Complete || res.Sized == 0 {
		t.Errorf("%d dials, result %+v, error %v", dials, res, err)
	}
}

func TestCancelEndsAtOnceWithPartialResult(t *testing.T) {
	server := redistest.Start(t)
	fill(t, client(t, server), 10_000)
	ctx, cancel := context.WithCancel(context.Background())
	var counted atomic.Int64
	res, err := Run(ctx, Config{Dial: dialTo(server), Sink: EverySize(func([]byte, int64) {
		if counted.Add(1) == 2000 {
			cancel()
		}
	})})
	if !errors.Is(err, context.Canceled) || res.Complete || res.Sized < 2000 || res.Sized != counted.Load() {
		t.Errorf("result %+v, %d counted, error %v", res, counted.Load(), err)
	}
}

func TestSilentServerTimesOut(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	start := time.Now()
	_, err := Run(context.Background(), Config{Dial: func(context.Context) (net.Conn, error) { return near, nil },
		Timeout: 50 * time.Millisecond, Sink: EverySize(func([]byte, int64) {})})
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

// script answers each write of the client with the next of the given replies.
func script(replies ...string) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			buf := make([]byte, 1<<20)
			for _, reply := range replies {
				if _, err := far.Read(buf); err != nil {
					return
				}
				if _, err := io.WriteString(far, reply); err != nil {
					return
				}
			}
			_, _ = io.Copy(io.Discard, far)
		}()
		return near, nil
	}
}

const info = "$14\r\n\r\nrun_id:abc\r\n\r\n"

// TestRareReplies: what real servers seldom say. A key that vanished has no
// size, and is not one of size 0.
func TestRareReplies(t *testing.T) {
	const huge = "18446744073709551615" // a cursor beyond int64
	sizes := map[string]int64{}
	dial := script(info,
		"*2\r\n$20\r\n"+huge+"\r\n*0\r\n", // an empty page with more to come
		"*2\r\n$1\r\n0\r\n*6\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n$1\r\ne\r\n$1\r\na\r\n",
		":56\r\n$-1\r\n-NOPERM no\r\n-MOVED 1 h:1\r\n:0\r\n:56\r\n")
	res, err := Run(context.Background(), Config{Dial: dial, Sink: EverySize(func(name []byte, size int64) { sizes[string(name)] += size })})
	if err != nil || !res.Complete || res.Sized != 3 || res.Vanished != 1 || res.Seen() != 6 || res.Pages != 2 {
		t.Fatalf("result %+v, error %v", res, err)
	}
	if res.Unreadable["NOPERM"] != 1 || res.Unreadable["MOVED"] != 1 || sizes["a"] != 112 || len(sizes) != 2 {
		t.Errorf("unreadable %v, sizes %v", res.Unreadable, sizes)
	}
}

// TestPassingStateIsWaitedFor: a server that cannot answer now is asked again, and
// the keys of the page that it broke off are counted once.
func TestPassingStateIsWaitedFor(t *testing.T) {
	page := "*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"
	attempts := []func(context.Context) (net.Conn, error){
		script(info, page, ":56\r\n-MASTERDOWN link\r\n"),
		script(info, "-LOADING data\r\n"),
		script(info, page, ":56\r\n:72\r\n"),
	}
	sizes := map[string]int64{}
	res, err := Run(context.Background(), Config{Backoff: time.Millisecond, Sink: EverySize(func(name []byte, size int64) { sizes[string(name)] += size }),
		Dial: func(ctx context.Context) (net.Conn, error) {
			next := attempts[0]
			attempts = attempts[1:]
			return next(ctx)
		}})
	if err != nil || !res.Complete || res.Sized != 2 || len(res.Unreadable) != 0 || sizes["a"] != 56 || sizes["b"] != 72 {
		t.Errorf("result %+v, sizes %v, error %v", res, sizes, err)
	}
}

func TestBadReplies(t *testing.T) {
	for name, c := range map[string]struct {
		replies []string
		want    string
	}{
		"not Redis":       {[]string{"HTTP/1.1 400 Bad Request\r\n"}, "not the Redis protocol"},
		"no scan right":   {[]string{info, "-NOPERM no scan\r\n"}, "scanning: NOPERM no scan"},
		"error in array":  {[]string{info, "*2\r\n$1\r\n0\r\n-ERR x\r\n"}, "not the Redis protocol"},
		"wrong shape":     {[]string{info, "*3\r\n"}, "SCAN answered with 3 elements"},
		"giant string":    {[]string{info, "*2\r\n$1\r\n0\r\n*1\r\n$99999999999\r\n"}, "a string of 99999999999 bytes"},
		"giant array":     {[]string{info, "*2\r\n$1\r\n0\r\n*9999999\r\n"}, "9999999 keys"},
		"size is no size": {[]string{info, "*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n", "+OK\r\n"}, "unexpected reply \"+OK\""},
		"empty cursor":    {[]string{info, "*2\r\n$0\r\n\r\n*0\r\n"}, "a cursor of 0 bytes"},
		"overlong string": {[]string{info, "*2\r\n$1\r\n0XX*0\r\n"}, "longer than announced"},
	} {
		_, err := Run(context.Background(), Config{Dial: script(c.replies...), Sink: EverySize(func([]byte, int64) {})})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if strings.Contains(c.want, "protocol") && !errors.Is(err, resp.ErrProtocol) {
			t.Errorf("%s: %v is not ErrProtocol", name, err)
		}
	}
}

func TestAdapt(t *testing.T) {
	for _, c := range []struct{ count, size, want int }{
		{10, 300, 40}, {10, 0, 40}, {500, 20_000, 500}, {300, 20_000, 500}, {125, 500_000, 131}, {500, 600_000, 500},
		{500, 10 << 20, 50}, {20, 10 << 20, 2}, {2, 10 << 20, 1}, {10, 2_000_000, 5},
	} {
		if got := adapt(c.count, 500, c.size); got != c.want {
			t.Errorf("adapt(%d, 500, %d) = %d, want %d", c.count, c.size, got, c.want)
		}
	}
}
