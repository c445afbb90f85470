package fanout_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gauge records how many calls are under way, in all and by group.
type gauge struct {
	mu      sync.Mutex
	now     map[string]int
	highest map[string]int
}

func (g *gauge) during(keys []string, f func()) {
	g.add(keys, 1)
	f()
	g.add(keys, -1)
}

func (g *gauge) add(keys []string, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now == nil {
		g.now, g.highest = map[string]int{}, map[string]int{}
	}
	for _, k := range keys {
		g.now[k] += n
		g.highest[k] = max(g.highest[k], g.now[k])
	}
}

func numbers(n int) []int {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	return items
}

func TestEveryItemOnceWithItsIndex(t *testing.T) {
	for _, limit := range []int{0, 1, 3, 100} {
		items := numbers(50)
		got := make([]int, len(items))
		for i, r := range fanout.Run(t.Context(), items, fanout.Limits[int]{Total: limit}, func(_ context.Context, n int) int { return n * n }) {
			if got[i] != 0 {
				t.Errorf("limit %d: index %d came twice", limit, i)
			}
			got[i] = r
		}
		for i, r := range got {
			if r != i*i {
				t.Errorf("limit %d: result %d = %d, want %d", limit, i, r, i*i)
			}
		}
	}
}

func TestNothingToDo(t *testing.T) {
	for range fanout.Run(t.Context(), nil, fanout.Limits[int]{}, func(context.Context, int) int { return 0 }) {
		t.Error("yielded a result of no item")
	}
}

func TestLimitsAreReachedAndKept(t *testing.T) {
	const total, perNode = 6, 2
	node := func(n int) string { return fmt.Sprint("node", n%5) }
	var g gauge
	do := func(_ context.Context, n int) int {
		g.during([]string{"all", node(n)}, func() { time.Sleep(2 * time.Millisecond) })
		return n
	}
	for range fanout.Run(t.Context(), numbers(60), fanout.Limits[int]{Total: total, Caps: []fanout.Cap[int]{{Most: perNode, Group: node}}}, do) { //nolint:revive // draining is the point
	}
	if got := g.highest["all"]; got != total {
		t.Errorf("most at once = %d, want %d", got, total)
	}
	for n := range 5 {
		if got := g.highest[node(n)]; got > perNode {
			t.Errorf("most at once on %s = %d, want at most %d", node(n), got, perNode)
		}
	}
}

// A full group must not keep the others waiting.
func TestFullGroupIsPassed(t *testing.T) {
	release := make(chan struct{})
	items := []string{"a", "a", "a", "b"}
	limits := fanout.Limits[string]{Total: 2, Caps: []fanout.Cap[string]{{Most: 1, Group: func(s string) string { return s }}}}
	var order []int
	for i := range fanout.Run(t.Context(), items, limits, func(_ context.Context, s string) string {
		if s == "a" {
			<-release
		}
		return s
	}) {
		if len(order) == 0 {
			close(release)
		}
		order = append(order, i)
	}
	if len(order) != 4 || order[0] != 3 {
		t.Errorf("landed in order %v, want item 3 first and all of them", order)
	}
}

func TestResultsArriveBeforeTheLast(t *testing.T) {
	release := make(chan struct{})
	var order []int
	for i := range fanout.Run(t.Context(), numbers(3), fanout.Limits[int]{}, func(_ context.Context, n int) int {
		if n == 0 {
			<-release
		}
		return n
	}) {
		if order = append(order, i); len(order) == 2 {
			close(release)
		}
	}
	if last := order[len(order)-1]; last != 0 {
		t.Errorf("landed in order %v, want the slow item 0 last", order)
	}
}

func TestCancelStartsNothingMoreAndYieldsWhatRan(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var started atomic.Int32
	var got []int
	for i := range fanout.Run(ctx, numbers(100), fanout.Limits[int]{Total: 4}, func(ctx context.Context, n int) int {
		if started.Add(1) == 4 {
			cancel()
		}
		<-ctx.Done()
		return n
	}) {
		got = append(got, i)
	}
	slices.Sort(got)
	if want := []int{0, 1, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("yielded %v, want %v", got, want)
	}
	if n := started.Load(); n != 4 {
		t.Errorf("%d items started, want 4", n)
	}
}

func TestLeavingTheLoopEndsAndJoinsTheRest(t *testing.T) {
	var running atomic.Int32
	for range fanout.Run(t.Context(), numbers(20), fanout.Limits[int]{Total: 5}, func(ctx context.Context, n int) int {
		running.Add(1)
		defer running.Add(-1)
		if n > 0 {
			<-ctx.Done()
		}
		return n
	}) {
		break
	}
	if n := running.Load(); n != 0 {
		t.Errorf("%d calls still run after the loop", n)
	}
}
