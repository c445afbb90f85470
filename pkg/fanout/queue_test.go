package fanout

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// slow is the obvious way to decide what starts next: look at all that wait.
type slow struct {
	limits  Limits[item]
	items   []item
	waiting []int
	running int
	inGroup map[string]int
}

type item struct{ node, workload string }

func byNode(i item) string     { return i.node }
func byWorkload(i item) string { return i.workload }

func (s *slow) next() (int, bool) {
	if s.limits.Total > 0 && s.running >= s.limits.Total {
		return 0, false
	}
	for at, i := range s.waiting {
		if s.fits(i) {
			s.waiting = slices.Delete(s.waiting, at, at+1)
			s.add(i, 1)
			return i, true
		}
	}
	return 0, false
}

func (s *slow) fits(i int) bool {
	for n, c := range s.limits.Caps {
		if name := c.Group(s.items[i]); name != "" && c.Most > 0 && s.inGroup[fmt.Sprint(n, name)] >= c.Most {
			return false
		}
	}
	return true
}

func (s *slow) add(i, by int) {
	s.running += by
	for n, c := range s.limits.Caps {
		s.inGroup[fmt.Sprint(n, c.Group(s.items[i]))] += by
	}
}

// The order of starts is that of the obvious way, whatever finishes when.
func TestQueueDecidesAsTheObviousOneDoes(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 7)) // a test wants the same numbers again
		items := make([]item, 1+rnd.IntN(60))
		for i := range items {
			items[i] = item{fmt.Sprint(rnd.IntN(4)), []string{"", "a", "b", "c", "d"}[rnd.IntN(5)]}
		}
		limits := Limits[item]{Total: rnd.IntN(9), Caps: []Cap[item]{
			{Most: rnd.IntN(4), Group: byNode}, {Most: rnd.IntN(3), Group: byWorkload}}}
		want := &slow{limits: limits, items: items, inGroup: map[string]int{}}
		for i := range items {
			want.waiting = append(want.waiting, i)
		}
		got := newQueue(items, limits)
		var running []int
		for started := 0; started < len(items) || len(running) > 0; {
			for {
				w, wok := want.next()
				g, gok := got.next()
				if w != g || wok != gok {
					t.Fatalf("seed %d: after %d starts came %d %v, want %d %v", seed, started, g, gok, w, wok)
				}
				if !wok {
					break
				}
				started++
				running = append(running, w)
			}
			at := rnd.IntN(len(running))
			want.add(running[at], -1)
			got.finish(running[at])
			running = slices.Delete(running, at, at+1)
		}
	}
}

// A full group of ten thousand must not be looked through again and again: that
// were 50 million looks, for each of which a map is asked.
func TestQueueIsQuickWithAFullGroup(t *testing.T) {
	const n = 10000
	items := make([]item, n)
	for i := range items {
		items[i] = item{node: "one", workload: fmt.Sprint(i % 7)}
	}
	items[n-1].node = "other"
	began := time.Now()
	q := newQueue(items, Limits[item]{Total: 32, Caps: []Cap[item]{{4, byNode}, {1, byWorkload}}})
	var running []int
	for started := 0; started < n; {
		for i, ok := q.next(); ok; i, ok = q.next() {
			running = append(running, i)
			started++
		}
		q.finish(running[0])
		running = running[1:]
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("scheduling %d items took %s", n, took)
	}
}

func BenchmarkFullGroup(b *testing.B) {
	for _, n := range []int{1000, 10000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			items := make([]item, n)
			for i := range items {
				items[i] = item{node: "one", workload: fmt.Sprint(i % 100)}
			}
			for b.Loop() {
				q := newQueue(items, Limits[item]{Total: 32, Caps: []Cap[item]{{4, byNode}, {1, byWorkload}}})
				var running []int
				for started := 0; started < n; {
					for i, ok := q.next(); ok; i, ok = q.next() {
						running = append(running, i)
						started++
					}
					q.finish(running[0])
					running = running[1:]
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/item")
		})
	}
}
