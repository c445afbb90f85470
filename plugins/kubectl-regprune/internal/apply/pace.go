package apply

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Pressure counts attempts that a server turned down, also those that a client has
// repeated by itself. The zero value is ready.
type Pressure struct{ n atomic.Int64 }

// Note is to be called for each such attempt. It may be called at any time.
func (p *Pressure) Note() { p.n.Add(1) }

func (p *Pressure) count() int64 {
	if p == nil {
		return 0
	}
	return p.n.Load()
}

// pacer decides how many deletions are under way at once. It tries one more from
// time to time, and keeps it if the server then gets more done; a server that turns
// requests down gets half as many.
type pacer struct {
	pressure *Pressure
	most     int

	mu      sync.Mutex
	limit   int
	running int
	waiting []chan struct{}

	start    time.Time // of the window
	landed   int       // within it
	rate     float64   // a second, of the window before
	trying   bool      // the limit has just been raised
	calm     int       // windows until the next try
	squeezed int64     // pressure that has been reacted to
	eased    time.Time // of the last reaction
}

// A window is as long as both say.
const (
	windowItems = 16
	windowTime  = 300 * time.Millisecond
	windowsCalm = 5
	worthIt     = 1.05 // times the rate before
)

func newPacer(most int, pressure *Pressure) *pacer {
	return &pacer{pressure: pressure, most: most, limit: min(2, most), start: time.Now(), squeezed: pressure.count()}
}

// enter waits for room. It reports false if ctx has ended.
func (p *pacer) enter(ctx context.Context) bool {
	p.mu.Lock()
	if p.running < p.limit {
		p.running++
		p.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	p.waiting = append(p.waiting, turn)
	p.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, w := range p.waiting {
		if w == turn {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			return false
		}
	}
	return true // it was let in just now, and has to leave again
}

// leave ends what enter began. err is why it failed.
func (p *pacer) leave(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	p.landed++
	p.adapt(err, time.Now())
	for p.running < p.limit && len(p.waiting) > 0 {
		close(p.waiting[0])
		p.waiting = p.waiting[1:]
		p.running++
	}
}

func (p *pacer) adapt(err error, now time.Time) {
	if n := p.pressure.count(); err != nil || n > p.squeezed {
		p.squeezed = n
		if now.Sub(p.eased) < windowTime {
			return // the same trouble, of what was under way already
		}
		p.eased = now
		p.limit, p.trying, p.calm = max(1, p.limit/2), false, 2*windowsCalm
		p.start, p.landed, p.rate = now, 0, 0
		return
	}
	passed := now.Sub(p.start)
	if p.landed < windowItems || passed < windowTime {
		return
	}
	rate := float64(p.landed) / passed.Seconds()
	switch {
	case p.trying && rate < p.rate*worthIt:
		p.limit, p.trying, p.calm = p.limit-1, false, windowsCalm
	case p.trying, p.calm <= 0:
		p.trying = p.limit < p.most
		p.limit = min(p.limit+1, p.most)
	default:
		p.calm--
	}
	p.start, p.landed, p.rate = now, 0, rate
}
