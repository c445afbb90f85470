package podconn

import (
	"io"
	"sync"
	"syscall"
	"time"
)

// settleTime is how long the end of one stream waits for the end of the other.
// Runtimes close the data stream first and report the reason afterwards.
const settleTime = time.Second

// maxReason bounds the node's message.
const maxReason = 8 << 10

// ending finds out why a connection ended from what happens on its two streams:
// the reason comes on the error stream, the end on the data stream, and neither
// order nor completeness can be relied on.
type ending struct {
	c *conn

	mu        sync.Mutex
	reason    []byte // what the node says on the error stream
	reasonEnd bool   // it says no more
	dataEnd   error  // how the data stream ended, nil while it has not
	timer     *time.Timer
	settled   bool
}

// say adds to the node's message.
func (e *ending) say(p []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reason = append(e.reason, p[:min(len(p), maxReason-len(e.reason))]...)
	e.consider()
}

func (e *ending) reasonIsOver() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reasonEnd = true
	e.consider()
}

// dataIsOver reports that the pod's half of the data stream has ended: with io.EOF
// or with a reset.
func (e *ending) dataIsOver(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dataEnd == nil {
		e.dataEnd = err
	}
	e.consider()
}

// connectionIsOver reports that nothing more can come, because of err. An end of
// the data counts for nothing then unless the node had said whether there is a
// reason for it.
func (e *ending) connectionIsOver(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dataEnd == nil || e.dataEnd == io.EOF && !e.reasonEnd {
		e.dataEnd = lost(err)
	}
	e.reasonEnd = true
	e.consider()
}

// stop makes sure that nothing happens any more.
func (e *ending) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settled = true
	if e.timer != nil {
		e.timer.Stop()
	}
}

// consider settles the matter if it is clear, or else waits a little longer.
func (e *ending) consider() {
	switch {
	case e.settled:
	case e.reasonEnd && (e.dataEnd != nil || len(e.reason) > 0):
		e.settle()
	case e.timer == nil && (e.dataEnd != nil || len(e.reason) > 0):
		e.timer = time.AfterFunc(settleTime, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			if !e.settled {
				e.settle()
			}
		})
	}
}

func (e *ending) settle() {
	e.settled = true
	if e.timer != nil {
		e.timer.Stop()
	}
	err := e.dataEnd
	if len(e.reason) > 0 {
		r := e.c.remote
		err = &PodError{Namespace: r.Namespace, Pod: r.Pod, Port: r.Port, Text: string(e.reason)}
	}
	e.c.in.finish(err)
	switch {
	case err != io.EOF:
		e.c.out.fail(err)
	case e.reasonEnd:
		// The node forwards no more, in neither direction.
		e.c.out.fail(syscall.EPIPE)
	}
}
