package main

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// frames calls back at the end of each frame.
type frames struct {
	mu    sync.Mutex
	text  strings.Builder
	ended func(n int)
	n     int
}

func (f *frames) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text.Write(p)
	if n := strings.Count(f.text.String(), "TOTAL"); n > f.n {
		f.n = n
		f.ended(n)
	}
	return len(p), nil
}

// TestWatch: the second frame says what has grown since the first; an interrupt is
// how it ends.
func TestWatch(t *testing.T) {
	s := redistest.Start(t)
	populate(t, s, 3000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	io, _, _, errOut := streams.Test()
	out := &frames{ended: func(n int) {
		if n == 1 {
			populate(t, s, 6000)
		} else {
			cancel()
		}
	}}
	io.Out = out
	if code := cli.Run(ctx, newCommand(io), io, []string{"--addr", s.Addr, "--watch=1s"}); code != 0 || errOut.Len() > 0 {
		t.Errorf("exit code %d, %s", code, errOut)
	}
	text := out.text.String()
	first, table, found := strings.Cut(text, "6000 keys (+3000)")
	if !found || strings.Contains(first, "GROWTH") || !strings.Contains(table, "GROWTH") {
		t.Fatal(text)
	}
	for line := range strings.Lines(table) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "app:") && !strings.HasPrefix(fields[4], "+") {
			t.Errorf("row %q", line)
		}
	}
	if !strings.Contains(table, "app:*") {
		t.Error(table)
	}
}

// TestWatchSaysWhatIsLost and goes on looking for it.
func TestWatchSaysWhatIsLost(t *testing.T) {
	s := redistest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	io, _, _, errOut := streams.Test()
	io.Out = &frames{ended: func(int) {
		s.Stop()
		time.AfterFunc(2500*time.Millisecond, cancel)
	}}
	if code := cli.Run(ctx, newCommand(io), io, []string{"--addr", s.Addr, "--watch=1s"}); code != 0 {
		t.Errorf("exit code %d, %s", code, errOut)
	}
	if n := strings.Count(errOut.String(), "error: "); n == 0 {
		t.Errorf("stderr: %s", errOut)
	}
}
