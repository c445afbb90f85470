package live_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/live"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A reader that does not read stalls no writer, whatever the amount; when it reads
// at last, every line is there.
func TestPausedReaderStallsNobody(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	store := spool.NewStore(0, t.TempDir())
	defer store.Close()
	s := live.New(live.Stream{W: writer}, live.Stream{W: io.Discard}, []string{"a", "b"}, store)
	const lines = 100_000
	for i := range 2 {
		w, _ := s.Open(i)
		for n := range lines {
			if _, err := fmt.Fprintf(w, "%d %s\n", n, strings.Repeat("x", 50)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Landed(i, engine.Result{}); err != nil {
			t.Fatal(err)
		}
	}
	if store.Spilled() == 0 {
		t.Error("10 MB wait and nothing is on disk")
	}
	read := make(chan int)
	go func() {
		text, _ := io.ReadAll(reader)
		read <- bytes.Count(text, []byte(strings.Repeat("x", 50)+"\n"))
	}()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	writer.Close()
	if n := <-read; n != 2*lines {
		t.Errorf("%d lines came out, want %d", n, 2*lines)
	}
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	reader, writer := io.Pipe()
	s := live.New(live.Stream{W: writer}, live.Stream{W: writer}, nil, spool.NewStore(0, ""))
	w, _ := s.Open(0)
	fmt.Fprintln(w, "never read")
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	reader.Close() // lets the goroutine go
}

// As with "| head": everybody learns soon, with the reason.
func TestClosedReaderIsReported(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := live.New(live.Stream{W: writer}, live.Stream{W: io.Discard}, []string{"a"}, spool.NewStore(0, ""))
	w, _ := s.Open(0)
	fmt.Fprintln(w, "read")
	line := make([]byte, 9)
	if n, err := io.ReadFull(reader, line); err != nil {
		t.Fatalf("%q: %v", line[:n], err)
	}
	reader.Close()
	fmt.Fprintln(w, "not read")
	select {
	case <-s.Broken():
	case <-time.After(10 * time.Second):
		t.Fatal("nobody is told")
	}
	if _, err := io.WriteString(w, "more\n"); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing on: %v", err)
	}
	if err := s.Landed(0, engine.Result{}); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("landing: %v", err)
	}
	if err := s.Close(t.Context()); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("closing: %v", err)
	}
}
