package scan

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// TestChainsSeeEveryKeyOnce: together the walks of a static database return what
// one walk does, whatever the size of the table beside the number of chains.
func TestChainsSeeEveryKeyOnce(t *testing.T) {
	server := redistest.Start(t)
	c := client(t, server)
	ctx := context.Background()
	next := 0
	for _, n := range []int{0, 1, 3, 17, 64, 65, 1000, 1025, 33_000} {
		pipe := c.Pipeline()
		for ; next < n; next++ {
			pipe.Set(ctx, fmt.Sprint("key:", next), "v", 0)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
		for _, chains := range []int{1, 2, 4, 16} {
			for _, count := range []int{1, 10, 500} {
				seen := map[string]int{}
				res, err := Run(ctx, Config{Dial: dialTo(server), Chains: chains, Count: count, Sink: EverySize(func(name []byte, _ int64) { seen[string(name)]++ })})
				if err != nil || !res.Complete || res.Cursor != "" || res.Sized != int64(n) || len(seen) != n || res.Repeats != 0 {
					t.Errorf("%d keys in %d chains, COUNT %d: %d different ones, %+v, %v", n, chains, count, len(seen), res, err)
				}
			}
		}
	}
}

// TestChainsBesideWriters: what is there all the time is found, also where the
// table grows and shrinks meanwhile.
func TestChainsBesideWriters(t *testing.T) {
	server := redistest.Start(t)
	c := client(t, server)
	ctx := context.Background()
	set := func(prefix string, n int) {
		pipe := c.Pipeline()
		for i := range n {
			pipe.Set(ctx, fmt.Sprint(prefix, i), "v", 0)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
	const stay = 20_000
	set("stay:", stay)
	for name, change := range map[string]func(){
		"grows":   func() { set("new:", 60_000) },
		"shrinks": func() { c.FlushDB(ctx); set("stay:", stay) },
	} {
		if name == "shrinks" {
			set("gone:", 200_000)
			pipe := c.Pipeline()
			for i := range 199_000 {
				pipe.Del(ctx, fmt.Sprint("gone:", i))
			}
			change = func() { _, _ = pipe.Exec(ctx) }
		}
		seen := map[string]int{}
		changed := make(chan struct{})
		pages := 0
		res, err := Run(ctx, Config{Dial: dialTo(server), Chains: 4, Count: 50, Sink: EverySize(func(name []byte, _ int64) { seen[string(name)]++ }),
			Page: func(int64) {
				if pages++; pages == 20 {
					go func() { defer close(changed); change() }()
				}
			}})
		<-changed
		missing := 0
		for i := range stay {
			if seen[fmt.Sprint("stay:", i)] == 0 {
				missing++
			}
		}
		if err != nil || !res.Complete || missing > 0 {
			t.Errorf("%s: %d of %d keys missing; %+v, %v", name, missing, stay, res, err)
		}
	}
}

// TestChainsResume: each walk goes on where its own connection broke.
func TestChainsResume(t *testing.T) {
	server := redistest.Start(t)
	c := client(t, server)
	fill(t, c, 20_000)
	var dials counter
	dial := func(ctx context.Context) (net.Conn, error) {
		conn, err := server.Dial(ctx, "", "")
		return &cutConn{conn, 20_000 + dials.next()%4*200_000}, err
	}
	seen := map[string]int{}
	res, err := Run(context.Background(), Config{Dial: dial, Chains: 4, Retries: 8, Backoff: 1, Sink: EverySize(func(name []byte, _ int64) { seen[string(name)]++ })})
	n := c.DBSize(context.Background()).Val()
	if err != nil || !res.Complete || res.Reconnects == 0 || res.Sized != n || int64(len(seen)) != n {
		t.Errorf("%d different keys of %d, %+v, %v", len(seen), n, res, err)
	}
}

// TestRepeats: names that come twice are noticed, exactly as long as they are few.
func TestRepeats(t *testing.T) {
	few, many := newRepeats(), newRepeats()
	for i := range 1000 {
		few.add(fmt.Append(nil, i/2))
	}
	for i := range 1_000_000 {
		many.add(fmt.Append(nil, i%900_000))
	}
	if n := few.estimate(); n != 500 {
		t.Errorf("%d repeats of 500", n)
	}
	if n := many.estimate(); n < 85_000 || n > 115_000 { // 8 standard deviations
		t.Errorf("%d repeats of 100000", n)
	}
	if len(many.seen) > mostRepeats {
		t.Errorf("%d names are remembered", len(many.seen))
	}
}

// TestSamples: the server is told how many elements to look at.
func TestSamples(t *testing.T) {
	server := redistest.Start(t)
	c := client(t, server)
	ctx := context.Background()
	for i := range 3000 { // elements of very different sizes
		c.RPush(ctx, "list", fmt.Sprintf("%0*d", 1+i, i))
	}
	for samples, option := range map[int][]int{0: nil, AllElements: {0}, 1: {1}, 100: {100}} {
		want := c.MemoryUsage(ctx, "list", option...).Val()
		_, err := Run(ctx, Config{Dial: dialTo(server), Samples: samples, Sink: EverySize(func(_ []byte, size int64) {
			if size != want {
				t.Errorf("SAMPLES %v: %d bytes, want %d", option, size, want)
			}
		})})
		if err != nil {
			t.Error(err)
		}
	}
}

// every third name is counted only.
type thirds struct{ n, counted, sized int }

func (s *thirds) Plan([]byte) int8 {
	s.n++
	if s.n%3 == 0 {
		return NotAsked
	}
	return 1
}

func (s *thirds) Count(_ []byte, k int8, size int64) {
	if k == NotAsked && size == 0 {
		s.counted++
	}
	if k == 1 && size > 0 {
		s.sized++
	}
}

func TestSinkChoosesSizes(t *testing.T) {
	server := redistest.Start(t)
	c := client(t, server)
	fill(t, c, 3000)
	s := &thirds{}
	res, err := Run(context.Background(), Config{Dial: dialTo(server), Sink: s})
	n := c.DBSize(context.Background()).Val()
	if err != nil || res.Seen() != n || res.NotAsked != n/3 || int64(s.counted) != n/3 || int64(s.sized) != res.Sized {
		t.Errorf("%+v of %d keys: %+v, %v", s, n, res, err)
	}
	if want := res.Sized + res.Pages; res.Commands != want || res.Sent == 0 || res.Received < 512<<10 {
		t.Errorf("%d commands, want %d; %+v", res.Commands, want, res)
	}
}

type counter struct{ n atomic.Int64 }

func (c *counter) next() int { return int(c.n.Add(1)) }

// TestRandomPages: they come from everywhere, and a share of the keys has about its
// share of them.
func TestRandomPages(t *testing.T) {
	server := redistest.Start(t)
	c := client(t, server)
	ctx := context.Background()
	pipe := c.Pipeline()
	for i := range 50_000 {
		pipe.Set(ctx, fmt.Sprintf("%d:%d", i%10, i), "v", 0)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
	first, different := 0, map[string]bool{}
	res, err := Run(ctx, Config{Dial: dialTo(server), Count: 100, Random: &Random{Keys: 20_000}, Sink: EverySize(func(name []byte, _ int64) {
		different[string(name)] = true
		if name[0] == '0' {
			first++
		}
	})})
	if err != nil || res.Sized < 20_000 || res.Sized > 20_500 {
		t.Errorf("%+v, %v", res, err)
	}
	if first < 1700 || first > 2300 { // 7 standard deviations of independent keys
		t.Errorf("a tenth of the keys was named %d times in %d", first, res.Sized)
	}
	if n := len(different); n < 14_000 || n > 19_500 { // 50,000·(1-e^-0.4) is 16,500
		t.Errorf("%d different keys", n)
	}
}
