package analysis

import (
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pace"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func TestBill(t *testing.T) {
	known := pace.Receipt{CPU: 1, Share: 0.2, Waited: time.Second, For: []string{"cpu"}, Stall: pace.Unknown, Before: time.Millisecond}
	silent := pace.Receipt{CPU: pace.Unknown, Share: pace.Unknown, Stall: 2 * time.Millisecond}
	for name, tc := range map[string]struct {
		receipts   [][]pace.Receipt
		cpu, stall float64
	}{
		"two shards":      {[][]pace.Receipt{{known}, {known, known}}, 3, -1},
		"one is silent":   {[][]pace.Receipt{{known}, {silent}}, -1, 0.002},
		"nothing scanned": {nil, -1, -1},
	} {
		var c report.Cost
		var shards []*shard
		for _, r := range tc.receipts {
			shards = append(shards, &shard{receipts: r})
		}
		bill(&c, shards)
		if c.ServerCPUSeconds != tc.cpu || c.LongestStall != tc.stall || len(c.ThrottledFor) > 1 {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// TestCostIsTheServers: what the report says the scan cost is what the server says.
func TestCostIsTheServers(t *testing.T) {
	s := redistest.Start(t)
	populate(t, s, "k", 30_000)
	r, err := run(t, Subject{Nodes: []*Node{node(s, "a")}})
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Cost; c.ServerCPUSeconds <= 0 || c.ServerCPUShare <= 0 || c.Commands < 30_000 || c.LatencyBefore <= 0 {
		t.Errorf("cost %+v", c)
	}
	if r.Accounting == nil || len(r.Accounting.Items) < 5 {
		t.Errorf("accounting %+v", r.Accounting)
	}
}
