//go:build unix

package status

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/terminal"
)

// listen asks for the list at each Enter and each SIGUSR1, until release is called.
func (s *Status) listen() (release func()) {
	var listening sync.WaitGroup
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	listening.Go(func() {
		for range signals {
			s.Ask()
		}
	})
	stopKeys := s.keys(&listening)
	return func() {
		signal.Stop(signals)
		close(signals)
		stopKeys()
		listening.Wait()
	}
}

// keys reads the keyboard. A process in the background must not: its read would
// stop it. With SIGTTIN ignored the read fails instead, and that is the end of
// listening.
func (s *Status) keys(listening *sync.WaitGroup) (stop func()) {
	if s.o.Keys == nil {
		return func() {}
	}
	lent, err := terminal.Stdin(s.o.Keys)
	if err != nil {
		return func() {} // only a convenience is missing
	}
	signal.Ignore(syscall.SIGTTIN)
	listening.Go(func() {
		line := make([]byte, 256)
		for {
			if n, err := lent.Read(line); n == 0 || err != nil {
				return
			}
			s.Ask()
		}
	})
	return func() {
		_ = lent.Close()
		signal.Reset(syscall.SIGTTIN)
	}
}
