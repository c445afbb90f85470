package scan

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// Random makes a scan read pages at random places instead of all pages. It needs a
// server whose SCAN allows chains: any number is a cursor there, and the table's
// order is that of hashes. A place may come more than once.
type Random struct {
	Keys int64         // names after which it is enough
	For  time.Duration // time after which it is enough; 0 means no limit
}

// jump goes to a random place, or ends the walk when that is enough.
func (w *walk) jump(p *page) {
	if w.Random == nil {
		return
	}
	p.next = strconv.FormatUint(rand.Uint64()|1<<63, 10) // never 0
	w.named += int64(p.len())
	p.last = w.named >= w.Random.Keys || w.Random.For > 0 && time.Since(w.started) >= w.Random.For
}
