package supervise

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// steps are what the command's stdin waits for. A shell reads its program in large
// pieces, and would take what follows for a part of it.
type steps struct {
	asked   event // the supervisor wants the second part of the payload
	started event // the command runs
	closed  event // nobody reads any more
}

func newSteps() *steps { return &steps{newEvent(), newEvent(), newEvent()} }

// event happens once.
type event struct {
	once *sync.Once
	c    chan struct{}
}

func newEvent() event                 { return event{new(sync.Once), make(chan struct{})} }
func (e event) happen()               { e.once.Do(func() { close(e.c) }) }
func (e event) when() <-chan struct{} { return e.c }

// control is the command's side of the control channel as a reader: the program,
// more if it is asked for, then nothing until stop, which sends a line. It is never at
// its end, because that would stop the command.
type control struct {
	*steps
	program, more []byte
	stopped       event
	sent          bool // the line
}

func newControl(s *steps, program, more []byte) *control {
	return &control{steps: s, program: program, more: more, stopped: newEvent()}
}

func (c *control) stop() { c.stopped.happen() }

// Close ends a Read that waits.
func (c *control) Close() error {
	c.closed.happen()
	return nil
}

func (c *control) Read(p []byte) (int, error) {
	if n := take(p, &c.program); n > 0 {
		return n, nil
	}
	asked := c.asked.when()
	if len(c.more) == 0 {
		asked = nil
	}
	stopped := c.stopped.when()
	if c.sent {
		stopped = nil
	}
	select {
	case <-asked:
		return take(p, &c.more), nil
	case <-stopped:
		c.sent = true
		return copy(p, "stop\n"), nil
	case <-c.closed.when():
		return 0, io.ErrClosedPipe
	}
}

// take moves the beginning of from to p.
func take(p []byte, from *[]byte) int {
	n := copy(p, *from)
	*from = (*from)[n:]
	return n
}

// input is the payload and, once the command has started, its own input. Which
// methods it shows besides Read decides how podexec gets out of a Read that waits.
type input struct {
	*steps
	program, more []byte
	io.Reader
}

func (in *input) Read(p []byte) (int, error) {
	if n := take(p, &in.program); n > 0 {
		return n, nil
	}
	if len(in.more) > 0 {
		select {
		case <-in.asked.when():
			return take(p, &in.more), nil
		case <-in.closed.when():
			return 0, io.ErrClosedPipe
		}
	}
	select {
	case <-in.started.when():
		return in.Reader.Read(p) //nolint:wrapcheck // a reader's ends are no errors to explain
	case <-in.closed.when():
		return 0, io.ErrClosedPipe
	}
}

type deadliner interface{ SetReadDeadline(t time.Time) error }

type deadlineInput struct{ *input }

func (in deadlineInput) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		in.closed.happen() // the only deadline that podexec sets is one that has passed
	}
	if d, ok := in.Reader.(deadliner); ok {
		return d.SetReadDeadline(t) //nolint:wrapcheck // only whether it works is of interest
	}
	return errors.ErrUnsupported
}

type closingInput struct{ deadlineInput }

func (in closingInput) Close() error {
	in.closed.happen()
	return in.Reader.(io.Closer).Close() //nolint:forcetypeassert,wrapcheck // see newInput
}

func newInput(s *steps, program, more []byte, r io.Reader) io.Reader {
	in := deadlineInput{&input{s, program, more, r}}
	_, file := r.(*os.File)
	if _, closer := r.(io.Closer); closer && !file {
		return closingInput{in}
	}
	return in
}
