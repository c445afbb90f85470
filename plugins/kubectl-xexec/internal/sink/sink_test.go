package sink_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// part is a sink that keeps what it gets.
type part struct {
	text   strings.Builder
	landed []int
	fail   error
	broken chan struct{}
	closed bool
}

func (p *part) Open(int) (stdout, stderr io.Writer) { return &p.text, nil }

func (p *part) Landed(i int, _ engine.Result) error {
	p.landed = append(p.landed, i)
	return p.fail
}

func (p *part) Broken() <-chan struct{} { return p.broken }

func (p *part) Close(context.Context) error { p.closed = true; return p.fail }

func TestTee(t *testing.T) {
	deaf := errors.New("nobody listens")
	a, b := &part{fail: deaf}, &part{broken: make(chan struct{})}
	s := sink.Tee(a, b)
	stdout, stderr := s.Open(0)
	fmt.Fprint(stdout, "hello")
	if n, err := fmt.Fprint(stderr, "nobody wants it"); n != 15 || err != nil {
		t.Errorf("stderr: %d, %v", n, err)
	}
	if err := s.Landed(3, engine.Result{}); !errors.Is(err, deaf) {
		t.Errorf("landing: %v", err)
	}
	select {
	case <-s.Broken():
		t.Error("broken before any part is")
	case <-time.After(10 * time.Millisecond):
	}
	close(b.broken)
	select {
	case <-s.Broken():
	case <-time.After(10 * time.Second):
		t.Error("a broken part breaks nothing")
	}
	if err := s.Close(t.Context()); !errors.Is(err, deaf) {
		t.Errorf("closing: %v", err)
	}
	for _, p := range []*part{a, b} {
		if p.text.String() != "hello" || len(p.landed) != 1 || p.landed[0] != 3 || !p.closed {
			t.Errorf("part got %q, landed %v, closed %v", &p.text, p.landed, p.closed)
		}
	}
}

// holder keeps outputs until it is closed.
type holder struct {
	held []*sink.Output
	fail error
}

func (h *holder) Take(_ int, _ engine.Result, out *sink.Output) error {
	h.held = append(h.held, out)
	return h.fail
}

func (h *holder) Broken() <-chan struct{}     { return nil }
func (h *holder) Close(context.Context) error { return nil }

func TestGatherSharesOutputsUntilAllReleaseThem(t *testing.T) {
	store := spool.NewStore(0, t.TempDir())
	defer store.Close()
	quick, slow := &holder{}, &holder{fail: errors.New("full")}
	s := sink.Gather(store, spool.Options{Max: 5}, quick, slow)
	stdout, stderr := s.Open(1)
	fmt.Fprint(stdout, "out")
	fmt.Fprint(stderr, "too long")
	if err := s.Landed(1, engine.Result{}); !errors.Is(err, slow.fail) {
		t.Errorf("landing: %v", err)
	}
	if err := s.Landed(2, engine.Result{}); !errors.Is(err, slow.fail) { // never opened
		t.Errorf("landing: %v", err)
	}
	if _, err := stdout.Write([]byte("late")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a write after landing: %v", err)
	}
	for _, out := range quick.held {
		out.Release()
	}
	for i, want := range []string{"out too l true", "  false"} {
		out := slow.held[i]
		a, err1 := io.ReadAll(out.Stdout.Reader())
		b, err2 := io.ReadAll(out.Stderr.Reader())
		if got := fmt.Sprintf("%s %s %v", a, b, out.Truncated()); got != want || err1 != nil || err2 != nil {
			t.Errorf("output %d: %q, %v, %v", i, got, err1, err2)
		}
		out.Release()
		if _, err := out.Stdout.ReadAt(make([]byte, 1), 0); !errors.Is(err, os.ErrClosed) {
			t.Errorf("output %d is still there: %v", i, err)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
