package registrytest

import (
	"context"
	"errors"
	"syscall"
	"time"
)

// Stop ends the server, gently at first. Its content stays.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-s.exited:
	case <-time.After(3 * time.Second):
		s.Kill()
	}
	s.cmd = nil
}

// Kill ends the server at once, as a crash would.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
	s.cmd = nil
}

// Start runs a server again that was stopped, at the same address.
func (s *Server) Start() {
	s.tb.Helper()
	if err := s.TryStart(); err != nil {
		s.tb.Fatalf("starting registry %s again: %v", s.Version, err)
	}
}

// TryStart is Start for configurations that a server may refuse: the error has what
// it said.
func (s *Server) TryStart() error {
	if s.cmd != nil {
		return errors.New("it runs already")
	}
	return s.launch(context.Background())
}

// Restart changes the options, if there is a change, and starts the server again at
// the same address.
func (s *Server) Restart(change ...func(*Options)) {
	s.tb.Helper()
	if err := s.TryRestart(context.Background(), change...); err != nil {
		s.tb.Fatalf("starting registry %s again: %v", s.Version, err)
	}
}

// TryRestart is Restart for changes that a server may refuse: the error has what it
// said. When ctx ends first, the server is stopped, and the error wraps the reason.
func (s *Server) TryRestart(ctx context.Context, change ...func(*Options)) error {
	s.Stop()
	for _, f := range change {
		f(&s.options)
	}
	return s.launch(ctx)
}

// PID is the server's process, 0 while it is stopped.
func (s *Server) PID() int {
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// SetExtra replaces [Options.Extra] from the next start on.
func (s *Server) SetExtra(text string) { s.options.Extra = text }

// SetReadOnly restarts the server in or out of maintenance.
func (s *Server) SetReadOnly(on bool) {
	s.tb.Helper()
	s.Restart(func(o *Options) { o.ReadOnly = on })
}
