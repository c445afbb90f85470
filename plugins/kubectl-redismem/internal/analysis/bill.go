package analysis

import (
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pace"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// bill says what the scans of all shards have cost. CPU and waits are summed, of the
// rest the worst server counts. What one server does not tell is not known of all.
func bill(c *report.Cost, shards []*shard) {
	c.ServerCPUSeconds, c.ServerCPUShare, c.LongestStall = -1, -1, -1
	var receipts []pace.Receipt
	for _, s := range shards {
		c.Commands += s.counts.commands
		c.BytesSent += s.counts.sent
		c.BytesReceived += s.counts.received
		receipts = append(receipts, s.receipts...)
	}
	silent := func(r pace.Receipt) bool { return r.CPU == pace.Unknown }
	told := len(receipts) > 0 && !slices.ContainsFunc(receipts, silent)
	if told {
		c.ServerCPUSeconds = 0
	}
	for _, r := range receipts {
		if told {
			c.ServerCPUSeconds += r.CPU
			c.ServerCPUShare = max(c.ServerCPUShare, r.Share)
		}
		if r.Stall != pace.Unknown {
			c.LongestStall = max(c.LongestStall, r.Stall.Seconds())
		}
		c.Throttled += r.Waited.Seconds()
		for _, why := range r.For {
			if !slices.Contains(c.ThrottledFor, why) {
				c.ThrottledFor = append(c.ThrottledFor, why)
			}
		}
		c.LatencyBefore = max(c.LatencyBefore, r.Before.Seconds())
		c.LatencyDuring = max(c.LatencyDuring, r.During.Seconds())
	}
}
