package supervise

import (
	"context"
	_ "embed"
	"io"
	"strconv"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

//go:embed stop.sh
var stopSource string

var stopper = compact(stopSource)

// stop tells the supervisor to end the command. A command with input has no channel
// for that, and is ended by a second exec.
func (s *session) stop(exec Execer, over <-chan struct{}) {
	if s.control != nil {
		s.control.stop()
		return
	}
	s.mu.Lock()
	leader := s.leader
	s.mu.Unlock()
	if len(leader) != 3 {
		return
	}
	s.helpers.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.patience())
		defer cancel()
		s.helpers.Go(func() {
			select {
			case <-over:
				cancel()
			case <-ctx.Done():
			}
		})
		exec.Run(ctx, podexec.Request{
			Namespace: s.req.Namespace, Pod: s.req.Pod, Container: s.req.Container, Stdout: io.Discard,
			Command: append([]string{"sh", "-c", stopper, "kubectl-xexec-stop"}, append(leader, ticks(s.grace))...),
		})
	})
}

func ticks(d time.Duration) string { return strconv.Itoa(int(d / tick)) }

// patience is how long an end may take; a second exec has to start first.
func (s *session) patience() time.Duration {
	if s.control != nil {
		return s.grace + slack
	}
	return s.grace + 4*slack
}
