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

// lastLook bounds the last questions to a server that may not answer any more.
const lastLook = 2 * time.Second

// Stop ends the pacer and says what the scan has cost: also of a scan that was
// interrupted, so the end of ctx is none of its business.
func (p *Pacer) Stop(ctx context.Context) Receipt {
	p.cancel()
	p.done.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	told := p.turn(ctx)
	stall := slowest(ctx, p.conn, p.name, p.slowlog)
	_ = p.conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	r := Receipt{CPU: Unknown, Share: Unknown, Waited: p.waited, For: p.reasons, Before: p.canary.base, During: p.canary.late(), Stall: stall}
	if r.Waited == 0 {
		r.For = nil
	}
	if usec, ok := p.ownCPU(); told && ok {
		r.CPU = usec / 1e6
		if seconds := time.Since(p.start).Seconds(); seconds > 0 {
			r.Share = r.CPU / seconds
		}
	}
	return r
}

// ownCPU is the scan's part of what its commands took, in microseconds, others'
// included. It is not ok if the server did not tell, or has begun to count anew.
func (p *Pacer) ownCPU() (usec float64, ok bool) {
	a, b := p.first, p.last
	if a == nil || b == nil || !a.hasStats || !b.hasStats {
		return 0, false
	}
	calls, sent := b.calls-a.calls, p.sent.Load()
	if calls <= 0 || b.usec < a.usec {
		return 0, sent == 0
	}
	return float64(b.usec-a.usec) * min(1, float64(sent)/float64(calls)), true
}
