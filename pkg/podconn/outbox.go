package podconn

import "sync"

// outbox holds what is to be sent. Writers add to it, one at a time, and one
// goroutine takes everything at once: many small writes become one frame while an
// earlier frame is on its way.
type outbox struct {
	mu    sync.Mutex
	data  []byte // frameHeader bytes of room, then the payload
	spare []byte // what data will be next
	ctl   []byte // whole control frames, to go before the data
	end   error  // why no more data are taken, nil while they are

	fin, finished bool // the stream ends after the data; and that is done
	last          bool // the connection ends, too
	failed        bool // nothing can be sent any more

	filled  chan struct{} // there is something to send after nothing, or the end
	drained chan struct{} // there is room after none, or the end
}

func newOutbox() *outbox {
	return &outbox{
		data:   make([]byte, frameHeader),
		spare:  make([]byte, frameHeader),
		filled: make(chan struct{}, 1), drained: make(chan struct{}, 1),
	}
}

// put takes as much of p as there is room for, which may be nothing.
func (b *outbox) put(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end != nil {
		return 0, b.end
	}
	k := min(len(p), frameHeader+maxPayload-len(b.data))
	if k == 0 {
		return 0, nil
	}
	if len(b.data) == frameHeader {
		signal(b.filled)
	}
	b.data = append(b.data, p[:k]...)
	return k, nil
}

// control adds a control frame, at most a few of them: peers that ask for more
// answers than can be sent do not get them. A lazy one waits for the next thing
// that is sent anyway.
func (b *outbox) control(frame []byte, lazy bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ctl) > maxControl {
		return
	}
	b.ctl = append(b.ctl, frame...)
	if !lazy {
		signal(b.filled)
	}
}

const maxControl = 1 << 10

// close takes no more data, for the reason err, and ends the stream after what is
// there already.
func (b *outbox) close(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end == nil {
		b.end = err
	}
	b.fin = true
	signal(b.filled)
	signal(b.drained)
}

// finish is close with no more frames of any kind to follow.
func (b *outbox) finish(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end, b.fin, b.last = err, true, true
	signal(b.filled)
	signal(b.drained)
}

// fail takes no more data, for the reason err, and drops what is there. The first
// reason stays.
func (b *outbox) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end == nil {
		b.end = err
	}
	b.failed = true
	signal(b.filled)
	signal(b.drained)
}

// batch is what next takes out of the outbox.
type batch struct {
	ctl  []byte
	data []byte // with frameHeader bytes of room in front
	fin  bool   // the stream ends with this
	last bool   // so does the connection
}

// next takes everything there is. The data are valid until the following call. It
// is false when there is nothing to do any more.
func (b *outbox) next() (batch, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed {
		return batch{}, false
	}
	all := batch{ctl: b.ctl, data: b.data, fin: b.fin && !b.finished, last: b.last}
	b.ctl, b.data, b.spare = nil, b.spare[:frameHeader], b.data
	b.finished = b.fin
	if len(all.data) > frameHeader {
		signal(b.drained)
	}
	return all, true
}
