package analysis

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// unequal fills database 0 with 1000 lists and database 1 with 60,000 strings under
// the same pattern.
func unequal(t *testing.T, s *redistest.Server) {
	t.Helper()
	redistest.Fill(t, client(t, s), 1000, func(p redis.Pipeliner, i int) {
		p.RPush(t.Context(), fmt.Sprint("k:", i), strings.Repeat("x", 2000))
	})
	other := redis.NewClient(&redis.Options{Addr: s.Addr, DB: 1, Protocol: 2, DisableIdentity: true})
	defer other.Close()
	redistest.Fill(t, other, 60_000, func(p redis.Pipeliner, i int) { p.Set(t.Context(), fmt.Sprint("k:", i), i, 0) })
}

// TestUnequalDatabases: what was looked at, and read at random, counts by the number
// of keys that it stands for, whichever database it is from.
func TestUnequalDatabases(t *testing.T) {
	s := redistest.Start(t)
	unequal(t, s)
	for _, mode := range []string{report.Full, report.Keys} {
		r, err := Run(t.Context(), Subject{Nodes: []*Node{node(s, "a")}}, Options{DB: redisconn.AllDatabases, Sampling: mode, sample: 10_000})
		if err != nil || len(r.Groups) != 1 {
			t.Fatal(r, err)
		}
		g := r.Groups[0]
		lists := float64(g.Detail.Types["list"]) / float64(g.Detail.Sampled)
		residual := float64(r.Accounting.Residual) / float64(r.Accounting.Used)
		if lists > 0.05 || g.P50 > 100 || g.P99 > 2500 || math.Abs(residual) > 0.05 {
			t.Errorf("%s: %.2f lists, %+v, residual %.3f", mode, lists, g.Figures, residual)
		}
	}
}

// TestSampleOfWhatMayBeRead: nothing is said of databases that nobody let us read, nor
// of keys whose size is refused.
func TestSampleOfWhatMayBeRead(t *testing.T) {
	s := redistest.Start(t)
	c := client(t, s)
	unequal(t, s)
	redistest.Fill(t, c, 20_000, func(p redis.Pipeliner, i int) { p.Set(t.Context(), fmt.Sprint("shut:", i), i, 0) })
	c.Do(t.Context(), "ACL", "SETUSER", "default", "resetkeys", "%R~k:*", "-select", "-memory|stats", "-memory|malloc-stats")
	r, err := Run(t.Context(), Subject{Nodes: []*Node{node(s, "a")}}, Options{DB: redisconn.AllDatabases, Sampling: report.Keys, sample: 10_000})
	if err == nil || r == nil || r.Coverage.Complete {
		t.Fatalf("%v, %+v", err, r)
	}
	if off := math.Abs(float64(r.Totals.Keys) - 1000); off > 200 || math.Abs(float64(r.Coverage.Unreadable)-20_000) > 1000 {
		t.Errorf("%+v, %d unreadable", r.Totals, r.Coverage.Unreadable)
	}
}
