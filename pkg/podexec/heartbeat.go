package podexec

import "time"

// heartbeat answers the server's pings, which come as pongs to send, and asks a
// silent server whether it is still there, until the returned function is called,
// for which the connection must have been closed.
//
// Neither may have a deadline for writing: one that passes, because a command does
// not take its input, would break the connection for good.
func heartbeat[P any](s *session, pongs <-chan P, pong func(P), ping func(mark uint64)) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(s.timing.ping)
		defer t.Stop()
		for before := int64(0); ; {
			select {
			case <-quit:
				return
			case p := <-pongs:
				pong(p)
			case <-t.C:
				now, silent := s.health.silent(before)
				if before = now; silent {
					ping(s.health.asking())
				}
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// ping asks the server whether it is still there.
func (l *spdyLink) ping(mark uint64) {
	l.asked.Lock()
	l.lastID += 2
	id := l.lastID - 1 // the client's pings have odd numbers
	l.mark = mark
	l.asked.Unlock()
	//nolint:errcheck // the reading side notices what is wrong
	l.send(pingFrame(id))
}

func (l *spdyLink) pong(id uint32) {
	//nolint:errcheck // the reading side notices what is wrong
	l.send(pingFrame(id))
}

// pinged takes a ping of the server, or its answer to one of ours.
func (l *spdyLink) pinged(s *session, id uint32) {
	if id%2 == 0 {
		select {
		case l.pongs <- id:
		default: // one is waiting to be sent already
		}
		return
	}
	l.asked.Lock()
	mark, latest := l.mark, id == l.lastID-1
	l.asked.Unlock()
	if latest {
		s.health.answered(mark)
	}
}
