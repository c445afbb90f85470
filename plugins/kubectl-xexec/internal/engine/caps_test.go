package engine_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// gauge counts what runs at once, by name.
type gauge struct {
	mu           sync.Mutex
	now, highest map[string]int
}

func (g *gauge) add(by int, names ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range names {
		g.now[name] += by
		g.highest[name] = max(g.highest[name], g.now[name])
	}
}

func TestCapsOfNodesAndWorkloads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gauge{now: map[string]int{}, highest: map[string]int{}}
		var j engine.Job
		for i := range 60 {
			target := resolve.Target{Pod: fmt.Sprint("p", i), Context: fmt.Sprint("c", i%2), Node: fmt.Sprint("n", i%4/2), Namespace: fmt.Sprint("ns", i%8/4)}
			if i%3 > 0 {
				target.Workload = fmt.Sprint("deploy/", i%3)
			}
			if i < 5 {
				target.Node, target.Workload = "", "" // as good as a group of its own
			}
			j.Targets = append(j.Targets, target)
		}
		names := func(t resolve.Target) []string {
			list := []string{"all"}
			if t.Node != "" {
				list = append(list, "node "+t.Context+t.Node)
			}
			if t.Workload != "" {
				list = append(list, "workload "+t.Context+t.Namespace+t.Workload)
			}
			return list
		}
		j.Parallel, j.PerNode, j.OnePerWorkload = 12, 3, true
		j.Run = func(_ context.Context, _ <-chan struct{}, target resolve.Target, _, _ io.Writer, _ func()) engine.Result {
			g.add(1, names(target)...)
			time.Sleep(time.Second)
			g.add(-1, names(target)...)
			return engine.Result{Outcome: podexec.OK}
		}
		if _, err := engine.RunAll(t.Context(), j, quietSink(60)); err != nil {
			t.Fatal(err)
		}
		if len(g.highest) != 1+4+8 {
			t.Errorf("groups %v, want 4 nodes and 8 workloads", g.highest)
		}
		for name, n := range g.highest {
			limit := map[byte]int{'a': 12, 'n': 3, 'w': 1}[name[0]]
			if n > limit {
				t.Errorf("%s: %d at once, want at most %d", name, n, limit)
			}
		}
		if g.highest["node c0n0"] != 3 || g.highest["all"] != 12 {
			t.Errorf("%v: the bounds were never reached", g.highest)
		}
	})
}
