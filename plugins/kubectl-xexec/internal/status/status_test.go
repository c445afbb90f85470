package status_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/status"
)

// screen is a buffer that several goroutines may use.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// take returns what was written since the last call.
func (s *screen) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.text.String()
	s.text.Reset()
	return text
}

const erase = "\r\x1b[K"

func names(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("web-%d", i))
	}
	return names
}

func land(s *status.Status, outcome podexec.Outcome, indexes ...int) {
	for _, i := range indexes {
		_ = s.Landed(i, engine.Result{Outcome: outcome})
	}
}

func TestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown screen
		s := status.New(status.Options{W: &shown, Line: true, Names: names(10), Targets: 10, Width: func() int { return 80 }})
		time.Sleep(300 * time.Millisecond)
		if got := shown.take(); got != "" {
			t.Errorf("a line within a moment: %q", got)
		}
		for i := range 6 {
			s.Trying(i, 1)
		}
		land(s, engine.Skipped, 10)
		time.Sleep(500 * time.Millisecond)
		if got := shown.take(); !strings.HasSuffix(got, erase+"0/10 ok, 6 running, 4 waiting") {
			t.Errorf("before anything landed: %q", got)
		}
		time.Sleep(1200 * time.Millisecond)
		land(s, podexec.OK, 0)
		land(s, podexec.Failed, 1)
		land(s, podexec.Lost, 2)
		shown.take()
		time.Sleep(1100 * time.Millisecond)
		if got := shown.take(); !strings.HasSuffix(got, erase+"1/10 ok, 1 failed, 1 lost, 3 running, 4 waiting · 7s left") {
			t.Errorf("after three landed: %q", got)
		}
		_ = s.Close(t.Context())
		if got := shown.take(); got != erase {
			t.Errorf("at the end: %q", got)
		}
	})
}

func TestOtherTextGoesAboveTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown screen
		s := status.New(status.Options{W: &shown, Line: true, Targets: 1, Width: func() int { return 8 }})
		w := s.Wrap(&shown)
		time.Sleep(time.Second)
		shown.take()
		fmt.Fprint(w, "a | x\n")
		fmt.Fprint(w, "half")
		if got := shown.take(); got != erase+"a | x\nhalf" {
			t.Errorf("text over the line: %q", got)
		}
		time.Sleep(time.Second)
		if got := shown.take(); got != "" {
			t.Errorf("the line cuts another in two: %q", got)
		}
		fmt.Fprint(w, " a line\n")
		shown.take()
		time.Sleep(300 * time.Millisecond)
		if got := shown.take(); got != erase+"0/1 ok," {
			t.Errorf("the line, cut to 8 columns: %q", got)
		}
		_ = s.Close(t.Context())
	})
}

func TestNoLineWithoutTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown screen
		s := status.New(status.Options{W: &shown, Targets: 1, Names: names(1)})
		if w := s.Wrap(&shown); w != &shown {
			t.Error("wrapped for nothing")
		}
		s.Trying(0, 1)
		time.Sleep(time.Minute)
		if got := shown.take(); got != "" {
			t.Errorf("got %q", got)
		}
		s.Ask()
		synctest.Wait()
		if got := shown.take(); got != "0/1 ok, 1 running\n  web-0  1m0s\n" {
			t.Errorf("got %q", got)
		}
		_ = s.Close(t.Context())
	})
}

func TestList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown screen
		s := status.New(status.Options{W: &shown, Targets: 30, Names: names(30)})
		for i := 29; i >= 0; i-- {
			s.Trying(i, 1)
			time.Sleep(time.Second)
		}
		s.Trying(29, 2) // a retry is no new beginning
		land(s, podexec.OK, 28)
		s.Ask()
		synctest.Wait()
		_ = s.Close(context.Background())
		lines := strings.Split(shown.take(), "\n")
		if len(lines) != 23 || lines[1] != "  web-29  30s" || lines[2] != "  web-27  28s" || lines[20] != "  web-9   10s" || lines[21] != "  … and 9 more, none for longer" {
			t.Errorf("list %q", lines)
		}
	})
}

// stopped is a terminal after Ctrl-S.
type stopped chan struct{}

func (s stopped) Write(p []byte) (int, error) { <-s; return len(p), nil }

func TestStoppedTerminalHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		terminal := make(stopped)
		s := status.New(status.Options{W: terminal, Line: true, Targets: 2})
		time.Sleep(time.Second) // it is stuck in the line now
		before := time.Now()
		s.Trying(0, 1)
		s.Ask()
		land(s, podexec.OK, 0)
		if took := time.Since(before); took > 0 {
			t.Errorf("waited %s for the terminal", took)
		}
		_ = s.Close(t.Context())
		if took := time.Since(before); took > time.Second {
			t.Errorf("closing took %s", took)
		}
		close(terminal)
	})
}
