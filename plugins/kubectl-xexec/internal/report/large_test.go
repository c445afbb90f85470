//go:build unix

package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/report"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// The memory of a report is measured in a process of its own: the test binary runs
// itself with the number of targets and the bytes of each in the environment.
const childEnv = "REPORT_TEST_CHILD"

func TestMain(m *testing.M) {
	if size := os.Getenv(childEnv); size != "" {
		var targets, bytes int
		_, err := fmt.Sscan(size, &targets, &bytes)
		if err == nil {
			err = large(targets, bytes)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// said by target i: lines of text, some with characters that need an escape.
func lines(i, size int) string {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(strconv.Itoa(r.Int()))
		b.WriteString(" ö \"x\"\t\n"[:r.IntN(10)/9*2+7])
	}
	return b.String()
}

// large writes a document about targets that all write at once, and its peak of
// memory in MiB to stderr.
func large(targets, size int) error {
	store := spool.NewStore(0, "")
	defer store.Close()
	s := sink.Gather(store, spool.Options{}, report.New(report.Options{Format: report.JSON, Out: os.Stdout, Rows: targets}))
	rows := make(chan int)
	var writing sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i := range targets {
		writing.Go(func() {
			slots <- struct{}{}
			stdout, _ := s.Open(i)
			for n, text := 0, lines(i, min(size, 64<<10)); n < size; n += len(text) {
				_, _ = io.WriteString(stdout, text)
			}
			rows <- i
			<-slots
		})
	}
	for range targets {
		if err := s.Landed(<-rows, ok("a")); err != nil {
			return err
		}
	}
	if err := s.Close(context.Background()); err != nil {
		return err
	}
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return err
	}
	peak := use.Maxrss
	if runtime.GOOS != "darwin" { // which counts bytes, as nobody else does
		peak <<= 10
	}
	fmt.Fprint(os.Stderr, peak>>20)
	return nil
}

func TestDocumentOfAnySize(t *testing.T) {
	const size = 1 << 20
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", childEnv, manyTargets, size), "TMPDIR="+t.TempDir())
	var peak strings.Builder
	cmd.Stderr = &peak
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(out)
	for token := json.Token(nil); token != json.Delim('['); {
		if token, err = d.Token(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range manyTargets {
		var r result
		if err := d.Decode(&r); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		text := lines(i, 64<<10)
		if n := (size + len(text) - 1) / len(text); r.Stdout != strings.Repeat(text, n) {
			t.Fatalf("row %d: %d bytes, want %d, or others", i, len(r.Stdout), n*len(text))
		}
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, &peak)
	}
	if mib, err := strconv.Atoi(peak.String()); err != nil || mib > mostMiB {
		t.Errorf("peak of memory %s MiB, want at most %d", &peak, mostMiB)
	}
}
