package pace

import (
	"context"
	"time"
)

// Unknown is a figure that the server did not tell.
const Unknown = -1

// Receipt is what a scan has cost.
type Receipt struct {
	CPU    float64       // seconds of the server's time in the scan's commands, by its commandstats; Unknown if not told
	Share  float64       // of one CPU, on average; Unknown if not told
	Waited time.Duration // that the scan was held back, summed over its connections
	For    []string      // why
	Before time.Duration // median of PING before the scan; 0 if not measured
	During time.Duration // 99th percentile of PING during the scan; 0 if not measured
	// Stall is the longest of the scan's commands in the server's SLOWLOG, which has
	// those above its own threshold only; Unknown if there is none.
	Stall time.Duration
}

// Stop ends the pacer and says what the scan has cost. Ctx is for a last look.
func (p *Pacer) Stop(ctx context.Context) Receipt {
	p.turn(ctx)
	stall := slowest(ctx, p.conn, p.start)
	p.cancel()
	p.done.Wait()
	_ = p.conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	r := Receipt{CPU: Unknown, Share: Unknown, Waited: p.waited, For: p.reasons, Before: p.canary.base, During: p.canary.late(), Stall: stall}
	if r.Waited == 0 {
		r.For = nil
	}
	if p.last != nil && p.last.hasStats {
		r.CPU = p.ownCPU / 1e6
		if seconds := time.Since(p.start).Seconds(); seconds > 0 {
			r.Share = r.CPU / seconds
		}
	}
	return r
}
