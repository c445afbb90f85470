package analysis

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// truth is what the test put in, by pattern.
type truth map[string]struct{ keys, bytes int64 }

// diverse makes keys of several kinds, and asks for each one's size.
func diverse(t *testing.T, s *redistest.Server, n int) truth {
	t.Helper()
	c := client(t, s)
	pipe := c.Pipeline()
	for i := range n {
		pipe.Set(t.Context(), fmt.Sprintf("session:%d:cart", i), strings.Repeat("x", 20+i*i%1700), 0)
		pipe.Set(t.Context(), fmt.Sprintf("page:%d", i), "short", time.Hour)
		if i%10 == 0 {
			pipe.HSet(t.Context(), fmt.Sprintf("user:%d", i), "name", strings.Repeat("n", i%100), "age", i)
		}
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := truth{}
	for _, kind := range []string{"session", "page", "user"} {
		keys := c.Keys(t.Context(), kind+":*").Val()
		pipe := c.Pipeline()
		for _, k := range keys {
			pipe.MemoryUsage(t.Context(), k)
		}
		sizes, err := pipe.Exec(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sum := all[kind]
		for _, size := range sizes {
			sum.keys++
			sum.bytes += size.(interface{ Val() int64 }).Val()
		}
		all[kind] = sum
	}
	return all
}

func kindOf(g report.Group) string { kind, _, _ := strings.Cut(g.Pattern, ":"); return kind }

// TestModes compares each mode of sampling with the truth.
func TestModes(t *testing.T) {
	s := redistest.Start(t)
	want := diverse(t, s, 40_000)
	for mode, check := range map[string]func(t *testing.T, r *report.Report){
		report.Full: func(t *testing.T, r *report.Report) {
			for _, g := range r.Groups {
				if w := want[kindOf(g)]; g.Keys != w.keys || g.Bytes != w.bytes || g.Sized != g.Keys || g.BytesError != 0 || g.KeysError != 0 {
					t.Errorf("%s: %+v, want exactly %+v", g.Pattern, g.Figures, w)
				}
			}
			if !r.Coverage.Complete || r.Totals.BytesError != 0 || r.Sampling.Confidence != 1 {
				t.Errorf("totals %+v, %+v, %+v", r.Totals, r.Coverage, r.Sampling)
			}
		},
		report.Sizes: func(t *testing.T, r *report.Report) {
			for _, g := range r.Groups {
				if g.Keys != want[kindOf(g)].keys || g.KeysError != 0 || g.Sized < pilot {
					t.Errorf("%s: %+v, want %d keys exactly", g.Pattern, g.Figures, want[kindOf(g)].keys)
				}
			}
			if !r.Coverage.Complete || r.Totals.Sized > r.Totals.Keys*2/3 || r.Cost.Commands > r.Totals.Keys*3/4 {
				t.Errorf("totals %+v, complete %v, %d commands", r.Totals, r.Coverage.Complete, r.Cost.Commands)
			}
		},
		report.Keys: func(t *testing.T, r *report.Report) {
			if r.Coverage.Complete || r.Totals.KeysError != 0 || r.Totals.Keys != r.Servers[0].Keys {
				t.Errorf("totals %+v, coverage %+v", r.Totals, r.Coverage)
			}
			for _, g := range r.Groups {
				if d := g.Keys - want[kindOf(g)].keys; g.KeysError == 0 || max(d, -d) > 2*g.KeysError {
					t.Errorf("%s: %d ± %d keys, want %d", g.Pattern, g.Keys, g.KeysError, want[kindOf(g)].keys)
				}
			}
		},
	} {
		t.Run(mode, func(t *testing.T) {
			r, err := Run(t.Context(), Subject{Nodes: []*Node{node(s, "a")}}, Options{DB: redisconn.AllDatabases, Sampling: mode, sample: 80_000})
			if err != nil {
				t.Fatal(err)
			}
			if r.Sampling.Mode != mode || len(r.Groups) != 3 {
				t.Fatalf("mode %s, groups %+v", r.Sampling.Mode, r.Groups)
			}
			keys, bytes := r.Other.Keys, r.Other.Bytes
			for _, g := range r.Groups {
				keys, bytes = keys+g.Keys, bytes+g.Bytes
				w := want[kindOf(g)]
				if d := g.Bytes - w.bytes; max(d, -d) > 2*g.BytesError { // twice: one run in 10,000 fails
					t.Errorf("%s: %d ± %d bytes, want %d", g.Pattern, g.Bytes, g.BytesError, w.bytes)
				}
				if g.P50 < g.Min || g.P50 > g.P99 || g.P99 > g.Max || len(g.Sizes) == 0 {
					t.Errorf("%s: sizes %+v", g.Pattern, g.Figures)
				}
			}
			if keys != r.Totals.Keys || bytes != r.Totals.Bytes {
				t.Errorf("groups add up to %d keys of %d bytes, the totals are %+v", keys, bytes, r.Totals)
			}
			if r.Cost.BytesSent == 0 || r.Cost.BytesReceived == 0 || r.Cost.Commands == 0 {
				t.Errorf("cost %+v", r.Cost)
			}
			if len(r.Biggest) != mostBiggest || r.Biggest[0].Bytes < r.Biggest[1].Bytes || r.Biggest[0].Type != "string" || r.Biggest[0].TTL != -1 {
				t.Errorf("biggest keys %+v", r.Biggest)
			}
			check(t, r)
		})
	}
}

// TestDetails: what a sample of each group's keys is.
func TestDetails(t *testing.T) {
	s := redistest.Start(t)
	diverse(t, s, 3000)
	r, err := run(t, Subject{Nodes: []*Node{node(s, "a")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range r.Groups {
		d := g.Detail
		if d == nil || d.Sampled < 16 {
			t.Fatalf("%s: %+v", g.Pattern, d)
		}
		kind, ttl := "string", int64(0)
		if kindOf(g) == "user" {
			kind = "hash"
		}
		if kindOf(g) == "page" {
			ttl = d.Sampled
		}
		within := int64(0)
		for _, b := range d.TTL {
			within += b.Count
		}
		if d.Types[kind] != d.Sampled || d.NoTTL != d.Sampled-ttl || within != ttl || len(d.Idle) == 0 {
			t.Errorf("%s: %+v", g.Pattern, d)
		}
	}
}

// TestLooksDoNotCountAsUse: idle times stay what they are.
func TestLooksDoNotCountAsUse(t *testing.T) {
	s := redistest.Start(t)
	c := client(t, s)
	c.Set(t.Context(), "old", "v", 0)
	time.Sleep(2100 * time.Millisecond)
	if _, err := run(t, Subject{Nodes: []*Node{node(s, "a")}}); err != nil {
		t.Fatal(err)
	}
	if idle := c.ObjectIdleTime(t.Context(), "old").Val(); idle < 2*time.Second {
		t.Errorf("idle for %v after the scan", idle)
	}
}

func TestWorthALook(t *testing.T) {
	looks := 0
	for n := range int64(1 << 20) {
		if worthALook(n + 1) {
			looks++
		}
	}
	if looks < 16+8*15 || looks > 16+8*17 {
		t.Errorf("%d looks at a million keys", looks)
	}
}

// TestPreview: many keys have a first answer that is near the last one, few have
// none.
func TestPreview(t *testing.T) {
	s := redistest.Start(t, "--enable-debug-command", "yes")
	preview := func() (first, last *report.Report) {
		last, err := Run(t.Context(), Subject{Nodes: []*Node{node(s, "a")}},
			Options{DB: redisconn.AllDatabases, Preview: func(r *report.Report) { first = cmp.Or(first, r) }})
		if err != nil {
			t.Fatal(err)
		}
		return first, last
	}
	populate(t, s, "few", 1000)
	if first, _ := preview(); first != nil {
		t.Errorf("a preview of %d keys", first.Totals.Keys)
	}
	if err := client(t, s).Do(t.Context(), "DEBUG", "POPULATE", 1_100_000, "many", 100).Err(); err != nil {
		t.Fatal(err)
	}
	first, last := preview()
	if first == nil || first.Sampling.Mode != report.Keys || last.Sampling.Mode != report.Full || !last.Coverage.Complete {
		t.Fatalf("first %+v", first)
	}
	if d := first.Totals.Bytes - last.Totals.Bytes; max(d, -d) > last.Totals.Bytes/50 || first.Coverage.Seconds > 3 || first.Groups[0].Pattern != "many:*" {
		t.Errorf("first %+v in %v s, last %+v", first.Totals, first.Coverage.Seconds, last.Totals)
	}
}

// TestRefusedLooks: what a user may not ask is asked once or so, and stays unknown;
// the rest is known.
func TestRefusedLooks(t *testing.T) {
	s := redistest.Start(t)
	c := client(t, s)
	populate(t, s, "k", 3000)
	c.Do(t.Context(), "ACL", "SETUSER", "default", "-object", "-client", "-memory|stats", "-memory|malloc-stats")
	c.ConfigResetStat(t.Context())
	r, err := run(t, Subject{Nodes: []*Node{node(s, "a")}})
	if err != nil || !r.Coverage.Complete {
		t.Fatal(r, err)
	}
	d := r.Groups[0].Detail
	if d == nil || d.Types["string"] != d.Sampled || len(d.Encodings) > 0 || len(d.Idle) > 0 || d.NoTTL != d.Sampled {
		t.Errorf("details %+v", d)
	}
	var rejected int
	_, stats, _ := strings.Cut(c.Info(t.Context(), "commandstats").Val(), "cmdstat_object|encoding:")
	_, stats, _ = strings.Cut(stats, "rejected_calls=")
	if _, err := fmt.Sscan(strings.SplitN(stats, ",", 2)[0], &rejected); err != nil || rejected == 0 || rejected > mostPicks {
		t.Errorf("OBJECT ENCODING was refused %d times, %v", rejected, err)
	}
}

// TestRefine: estimates on the way are near the last answer, add up, and come nearer;
// of two databases there are none, as these may have other keys.
func TestRefine(t *testing.T) {
	s := redistest.Start(t, "--enable-debug-command", "yes")
	c := client(t, s)
	for _, kind := range []string{"many", "more"} {
		if err := c.Do(t.Context(), "DEBUG", "POPULATE", 700_000, kind, 100).Err(); err != nil {
			t.Fatal(err)
		}
	}
	estimates := func() (list []*report.Report, last *report.Report) {
		last, err := Run(t.Context(), Subject{Nodes: []*Node{node(s, "a")}}, Options{DB: redisconn.AllDatabases, refreshing: 100 * time.Millisecond,
			Preview: func(r *report.Report) {
				if r.Sampling.Mode == report.Full {
					list = append(list, r)
				}
			}})
		if err != nil || last.Totals.KeysError != 0 {
			t.Fatal(last, err)
		}
		return list, last
	}
	list, last := estimates()
	if len(list) < 2 {
		t.Fatalf("%d estimates", len(list))
	}
	for _, r := range list {
		keys, bytes := r.Other.Keys, r.Other.Bytes
		for _, g := range r.Groups {
			keys, bytes = keys+g.Keys, bytes+g.Bytes
			if off := g.Keys - 700_000; max(off, -off) > 3*g.KeysError {
				t.Errorf("%s: %+v", g.Pattern, g.Figures)
			}
		}
		if off := bytes - last.Totals.Bytes; keys != last.Totals.Keys || bytes != r.Totals.Bytes || max(off, -off) > last.Totals.Bytes/50 || r.Coverage.Complete {
			t.Errorf("%d keys, %d bytes, %+v, complete %v; in the end %+v", keys, bytes, r.Totals, r.Coverage.Complete, last.Totals)
		}
	}
	if a, b := list[0].Groups[0], list[len(list)-1].Groups[0]; b.KeysError >= a.KeysError {
		t.Errorf("±%d keys, then ±%d", a.KeysError, b.KeysError)
	}
	populateDB(t, s, 3, 10)
	if list, _ := estimates(); len(list) > 0 {
		t.Errorf("%d estimates of two databases", len(list))
	}
}

func populateDB(t *testing.T, s *redistest.Server, db, n int) {
	t.Helper()
	c := client(t, s).Conn()
	defer c.Close()
	if err := c.Select(t.Context(), db).Err(); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := c.Set(t.Context(), fmt.Sprint("k:", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
}
