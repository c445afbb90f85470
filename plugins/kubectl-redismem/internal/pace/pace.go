// Package pace decides how fast a scan may go, by what the server says about its
// own work, and counts what the scan has cost it.
//
// A server that nobody else uses is read as fast as it can. Where others use it,
// the commands of the scan may take 15 % of one CPU, less while the server
// evicts, saves, lags behind its primary, or answers others later than before.
package pace

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
)

// Limits are what the user allows. The zero value is automatic.
type Limits struct {
	MaxCPU     float64       // share of one CPU for the scan's commands; 0: 15 % while others use the server; negative: all
	MaxLatency time.Duration // that answers may be later than before the scan; 0: 2 ms or half as late again, while others use the server
}

// Reasons to go slower, as [Receipt.For] names them.
const (
	ForCPU         = "cpu"
	ForLatency     = "latency"
	ForEvictions   = "evictions"
	ForSaving      = "background save"
	ForReplication = "replication lag"
)

const (
	every      = 500 * time.Millisecond // between two looks at the server
	pings      = 100 * time.Millisecond // between two looks at its latency
	politeCPU  = 0.15                   // of one CPU, while others use the server
	modestCPU  = 0.1                    // while it is in need
	politePage = 20                     // keys of a SCAN, while others use the server
	longPage   = 200                    // likewise, where the way to the server is the slower part
	othersFrom = 50                     // commands a second that are not ours
	unlimited  = 1 << 30
	burst      = 3 * time.Millisecond // that a scan may make up for
	ahead      = 4 * longPage         // commands that may be charged before they are sent
	maxCharge  = 10_000               // server microseconds for one page
	guess      = 2.0                  // server microseconds of a command, before it is measured
)

// Pacer implements scan.Pacer. Stop ends it.
type Pacer struct {
	limits Limits
	name   string
	client *redis.Client
	conn   *redis.Conn
	canary *canary
	cancel context.CancelFunc
	done   sync.WaitGroup
	start  time.Time

	sent  atomic.Int64  // commands of the scan
	aside atomic.Int64  // other commands of ours
	share atomic.Uint64 // of one CPU, in millionths; 0: no limit
	page  atomic.Int64  // keys of a SCAN, under a limit

	mu       sync.Mutex
	cost     float64 // server microseconds of a command
	paid     int64   // commands that are charged
	next     time.Time
	waited   time.Duration
	turned   int64     // sent, at the last turn
	turnedAt time.Time // when that was
	reasons  []string

	first, last *sample // nil if the server does not tell
	slowlog     int64   // its newest entry before the scan
	calm        float64 // of the limit that latency leaves, from 0 to 1
}

// Start looks at the server once and then again and again until Stop. The scan's own
// connections are known by their name to the server. A server that tells nothing
// about itself is not waited for.
func Start(ctx context.Context, client *redis.Client, clientName string, l Limits) *Pacer {
	ctx, cancel := context.WithCancel(ctx)
	p := &Pacer{limits: l, name: clientName, client: client, conn: client.Conn(), cancel: cancel, start: time.Now(), turnedAt: time.Now(), cost: guess, calm: 1}
	p.page.Store(politePage)
	var looked sync.WaitGroup // at the same time: each takes some round trips
	looked.Go(func() { p.canary = newCanary(ctx, client) })
	p.first = look(ctx, p.conn)
	p.last = p.first
	p.slowlog = newest(ctx, p.conn)
	looked.Wait()
	p.decide(p.first, nil)
	if p.first != nil && p.first.hasStats && p.first.ops > othersFrom {
		p.verify(ctx)
	}
	p.done.Go(func() { pause.Every(ctx, every, func() { p.turn(ctx) }) })
	p.done.Go(func() { p.canary.watch(ctx) })
	return p
}

// verify looks once more: what the server had to do until now may have been our own
// doing, such as an earlier scan.
func (p *Pacer) verify(ctx context.Context) {
	const moment = 100 * time.Millisecond
	if pause.For(ctx, moment) == nil {
		p.turn(ctx)
		p.page.Store(politePage) // nothing was scanned yet
	}
}

// turn looks at the server and decides how to go on. It reports whether the server
// has told anything.
func (p *Pacer) turn(ctx context.Context) bool {
	s := look(ctx, p.conn)
	if ctx.Err() != nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s == nil && p.last != nil { // it told more before: the connection is lost, or it is slow
		_ = p.conn.Close()
		p.conn = p.client.Conn()
		return false // what was decided holds
	}
	if s != nil {
		s.aside = p.aside.Load()
	}
	p.price(s)
	p.decide(s, p.last)
	p.size(time.Now())
	if s != nil {
		p.last = s
	}
	return s != nil
}

// price learns what one of the scan's commands takes.
func (p *Pacer) price(s *sample) {
	if p.last == nil || s == nil {
		return
	}
	const weight = 0.5
	if calls, usec := s.calls-p.last.calls, s.usec-p.last.usec; calls > 0 && usec >= 0 {
		p.cost += weight * (float64(usec)/float64(calls) - p.cost)
	}
}

// size chooses pages as small as they can be to make use of the limit: others wait
// for no more than one of them, but over a long way small ones would take for ever.
func (p *Pacer) size(now time.Time) {
	const little, nearlyAll = 0.7, 0.9
	sent, share := p.sent.Load(), float64(p.share.Load())/1e6
	used := float64(sent-p.turned) * p.cost / 1e6 / now.Sub(p.turnedAt).Seconds()
	p.turned, p.turnedAt = sent, now
	page := p.page.Load()
	switch {
	case share == 0:
		page = politePage
	case used < little*share:
		page = min(2*page, longPage)
	case used > nearlyAll*share:
		page = max(page/2, politePage)
	}
	p.page.Store(page)
}

// decide sets the limit. Both samples are nil if the server does not tell, and
// before is at the first look: then the user's own limits hold, with a cost of a
// command that is a guess.
func (p *Pacer) decide(s, before *sample) {
	if p.limits.MaxCPU < 0 && p.limits.MaxLatency == 0 {
		p.share.Store(0)
		return
	}
	busy := false
	switch {
	case s == nil:
		s = &sample{}
	case before == nil || !s.hasStats:
		busy = s.ops > othersFrom
	case s.at.After(before.at):
		busy = float64(s.others-s.aside-before.others+before.aside)/s.at.Sub(before.at).Seconds() > othersFrom
	}
	limit, reason := 1.0, ""
	lower := func(to float64, why string) {
		if to < limit {
			limit, reason = to, why
		}
	}
	switch {
	case p.limits.MaxCPU > 0:
		lower(p.limits.MaxCPU, ForCPU)
	case busy && p.limits.MaxCPU == 0:
		lower(politeCPU, ForCPU)
	}
	if busy || p.limits.MaxLatency > 0 {
		if p.calm = p.canary.calm(p.limits.MaxLatency, p.calm); p.calm < 1 {
			lower(limit*p.calm, ForLatency)
		}
	}
	careful := p.limits.MaxCPU >= 0
	if careful && s.saving {
		lower(politeCPU, ForSaving)
	}
	if careful && before != nil && s.nearlyFull() && s.evicted > before.evicted {
		lower(modestCPU, ForEvictions)
	}
	if careful && s.lagging {
		lower(modestCPU, ForReplication)
	}
	if limit >= 1 {
		p.share.Store(0)
		return
	}
	p.because(reason)
	p.share.Store(uint64(max(limit, 0.01) * 1e6))
}

func (p *Pacer) because(reason string) {
	if !slices.Contains(p.reasons, reason) {
		p.reasons = append(p.reasons, reason)
	}
}

// Sent is told how many commands were sent to the server; see scan.Pacer.
func (p *Pacer) Sent(commands int64) { p.sent.Add(commands) }

// Aside is told how many commands besides the scan's are about to be sent: they are
// not others'.
func (p *Pacer) Aside(commands int64) { p.aside.Add(commands) }

// Most is how many keys a SCAN may ask for; see scan.Pacer.
func (p *Pacer) Most() int {
	if p.share.Load() == 0 {
		return unlimited
	}
	return int(p.page.Load())
}

// Wait returns when the limit has room for one more page; see scan.Pacer.
func (p *Pacer) Wait(ctx context.Context) error {
	share := p.share.Load()
	if share == 0 {
		return nil
	}
	p.mu.Lock()
	// A page is charged before it is sent, or two walks would begin one each at a time
	// for one. What was sent beyond that, such as before there was a limit, is too.
	sent := p.sent.Load()
	charged := max(sent, min(p.paid, sent+ahead)) + p.page.Load()
	usec := min(float64(charged-p.paid)*p.cost, maxCharge)
	p.paid = charged
	now := time.Now()
	at := p.next
	if oldest := now.Add(-burst); at.Before(oldest) {
		at = oldest
	}
	// A second is the longest wait for a page: a scan has to end.
	p.next = at.Add(min(time.Second, time.Duration(usec/float64(share)*1e6*float64(time.Microsecond))))
	wait := min(time.Second, at.Sub(now))
	if wait > 0 {
		p.waited += wait
	}
	p.mu.Unlock()
	return pause.For(ctx, wait)
}
