package podconn

import "sync"

const (
	inboxStart = 16 << 10
	inboxMax   = 256 << 10
)

// inbox holds what has arrived and not been read: a ring that grows up to
// inboxMax and then makes the sender wait. One goroutine puts (room, commit), one
// at a time takes.
type inbox struct {
	mu      sync.Mutex
	buf     []byte
	r, n    int   // the data begin at r and are n bytes long
	end     error // why nothing more will come
	discard bool  // nobody reads any more

	filled  chan struct{} // there is something after nothing, or the end
	drained chan struct{} // there is room after none
}

func newInbox() *inbox {
	return &inbox{buf: make([]byte, inboxStart), filled: make(chan struct{}, 1), drained: make(chan struct{}, 1)}
}

// room gives space for the next bytes, at most max of them and at least one. It
// waits until there is some.
func (b *inbox) room(max int) []byte {
	for {
		if s := b.free(max); len(s) > 0 {
			return s
		}
		<-b.drained
	}
}

func (b *inbox) free(max int) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n == 0 {
		b.r = 0
	}
	if len(b.buf)-b.n < max && len(b.buf) < inboxMax {
		b.grow(b.n + max)
	}
	if b.n == len(b.buf) {
		return nil
	}
	w := (b.r + b.n) % len(b.buf)
	end := len(b.buf)
	if w < b.r {
		end = b.r
	}
	return b.buf[w:min(end, w+max)]
}

func (b *inbox) grow(want int) {
	size := len(b.buf)
	for size < want && size < inboxMax {
		size *= 2
	}
	bigger := make([]byte, size)
	k := copy(bigger, b.buf[b.r:min(b.r+b.n, len(b.buf))])
	copy(bigger[k:], b.buf[:b.n-k])
	b.buf, b.r = bigger, 0
}

// commit adds the first n bytes of the last room to the data.
func (b *inbox) commit(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.discard || n == 0 {
		return
	}
	if b.n == 0 {
		signal(b.filled)
	}
	b.n += n
}

// take copies data to p. Without data it returns the reason why none will come,
// or nothing at all, and then filled will tell.
func (b *inbox) take(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n == 0 {
		return 0, b.end
	}
	k := copy(p, b.buf[b.r:min(b.r+b.n, len(b.buf))])
	k += copy(p[k:], b.buf[:b.n-k])
	b.r = (b.r + k) % len(b.buf)
	b.n -= k
	// A quarter at a time: waking the sender for each byte would fragment what
	// is read from the network.
	if b.n <= len(b.buf)*3/4 {
		signal(b.drained)
	}
	return k, nil
}

// finish says why nothing more will come. The first reason stays.
func (b *inbox) finish(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end == nil {
		b.end = err
	}
	signal(b.filled)
}

// close drops the data and whatever may still come, and makes err the end.
func (b *inbox) close(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n, b.discard, b.end = 0, true, err
	signal(b.filled)
	signal(b.drained)
}

// ended reports why nothing more will come, and whether there are data before.
func (b *inbox) ended() (err error, data bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.end, b.n > 0
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
