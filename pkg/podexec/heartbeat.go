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
