package podexec

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/internal/upgrade"
)

const (
	bufferSize = upgrade.MaxMessage
	// headroom is how many bytes links may need in front of a piece of input.
	headroom = frameHeader
)

// pump moves a session's input. send sends a piece, whose first bytes, headroom
// of them, are free for the link to use; finish tells the command that its input has ended; abort
// ends the connection.
type pump struct {
	s      *session
	send   func(piece []byte) error
	finish func() error
	abort  func()

	quit atomic.Bool
	done chan struct{}
}

// start pumps until the input ends or stop is called.
func (p *pump) start() {
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		p.loop()
	}()
}

func (p *pump) loop() {
	buf := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(buf)
	for {
		n, err := p.s.req.Stdin.Read((*buf)[headroom:])
		if p.quit.Load() {
			return
		}
		if n > 0 {
			p.s.health.input()
			if err := p.send((*buf)[:headroom+n]); err != nil {
				p.stuck(err)
				return
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			if err := p.finish(); err != nil {
				p.stuck(err)
			}
			return
		default:
			// Input that is cut short must not look complete to the command.
			p.s.fail(fmt.Errorf("reading the input: %w", err))
			p.abort()
			return
		}
	}
}

// stuck is for a connection that takes no more input. As a rule the command has
// ended and its exit code is on its way to the reading side, which gets a
// moment to find it; but it must not wait for a command that waits for input.
func (p *pump) stuck(err error) {
	p.s.lose(fmt.Errorf("the connection broke: sending input: %w", err))
	p.s.health.shorten(p.s.timing.grace)
}

type deadliner interface{ SetReadDeadline(time.Time) error }

// stop ends the pump, whose connection must have been closed. It waits for the
// pump's goroutine, except if that is inside a Read that cannot be interrupted.
func (p *pump) stop() {
	p.quit.Store(true)
	select {
	case <-p.done:
		return
	default:
	}
	in := p.s.req.Stdin
	if d, ok := in.(deadliner); ok && d.SetReadDeadline(time.Unix(1, 0)) == nil {
		<-p.done
		//nolint:errcheck // it worked a moment ago
		d.SetReadDeadline(time.Time{})
		return
	}
	if _, file := in.(*os.File); file {
		return
	}
	if c, ok := in.(io.Closer); ok {
		c.Close()
		<-p.done
	}
}
