package supervise

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// control is the command's side of the control channel as a reader: the payload,
// then nothing until stop, which sends a line. It is never at its end, because that
// would stop the command.
type control struct {
	payload   []byte
	sent      bool // the line
	stopOnce  sync.Once
	stopped   chan struct{}
	closeOnce sync.Once
	closed    chan struct{}
}

func newControl(payload []byte) *control {
	return &control{payload: payload, stopped: make(chan struct{}), closed: make(chan struct{})}
}

func (c *control) stop() { c.stopOnce.Do(func() { close(c.stopped) }) }

// Close ends a Read that waits.
func (c *control) Close() error {
	c.closeOnce.Do(func() { close(c.closed) })
	return nil
}

func (c *control) Read(p []byte) (int, error) {
	if len(c.payload) > 0 {
		n := copy(p, c.payload)
		c.payload = c.payload[n:]
		return n, nil
	}
	if !c.sent {
		select {
		case <-c.closed:
		case <-c.stopped:
			c.sent = true
			return copy(p, "stop\n"), nil
		}
	}
	<-c.closed
	return 0, io.ErrClosedPipe
}

// input is the payload and then the command's own input. Which methods it shows
// besides Read decides how podexec gets out of a Read that waits.
type input struct {
	payload []byte
	io.Reader
}

func (in *input) Read(p []byte) (int, error) {
	if len(in.payload) > 0 {
		n := copy(p, in.payload)
		in.payload = in.payload[n:]
		return n, nil
	}
	return in.Reader.Read(p) //nolint:wrapcheck // a reader's ends are no errors to explain
}

type deadliner interface{ SetReadDeadline(t time.Time) error }

type deadlineInput struct{ *input }

func (in deadlineInput) SetReadDeadline(t time.Time) error {
	if d, ok := in.Reader.(deadliner); ok {
		return d.SetReadDeadline(t) //nolint:wrapcheck // only whether it works is of interest
	}
	return errors.ErrUnsupported
}

type closingInput struct{ deadlineInput }

func (in closingInput) Close() error {
	return in.Reader.(io.Closer).Close() //nolint:forcetypeassert,wrapcheck // see withPayload
}

func withPayload(payload []byte, r io.Reader) io.Reader {
	in := deadlineInput{&input{payload, r}}
	_, file := r.(*os.File)
	if _, closer := r.(io.Closer); closer && !file {
		return closingInput{in}
	}
	return in
}
