//go:build unix

package spool_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// The limits of a process can only be tested in a process of its own: the test
// binary runs itself with the name of one in the environment.
const childEnv = "SPOOL_TEST_CHILD"

var children = map[string]func() error{"full": full, "files": files, "memory": memory}

func TestMain(m *testing.M) {
	if child := children[os.Getenv(childEnv)]; child != nil {
		if err := child(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func TestLimits(t *testing.T) {
	for name := range children {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childEnv+"="+name, "TMPDIR="+t.TempDir())
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// full fills the disk, as far as the process may use it.
func full() error {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}); err != nil {
		return err
	}
	store := spool.NewStore(0, "")
	plain, again := store.Spool(spool.Options{}), store.Spool(spool.Options{Resume: true})
	record := bytes.Repeat([]byte("0123456789"), 1000)
	for _, s := range []*spool.Spool{plain, again} {
		kept := 0
		var err error
		for ; err == nil && kept < 1000; kept++ {
			_, err = s.Write(record)
		}
		kept--
		if !errors.Is(err, syscall.EFBIG) || !s.Truncated() || s.Len() != int64(kept*len(record)) {
			return fmt.Errorf("after %d records: length %d, truncated %v, error %w", kept, s.Len(), s.Truncated(), err)
		}
		got, err := io.ReadAll(s.Reader())
		if err != nil || !bytes.Equal(got, bytes.Repeat(record, kept)) {
			return fmt.Errorf("read %d bytes of %d records, error %w", len(got), kept, err)
		}
	}
	if _, err := plain.Write([]byte("x")); !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("a gap: the write after the failed one: %w", err)
	}
	again.Discard(again.Len())
	if _, err := again.Write(record); err != nil {
		return fmt.Errorf("no record is taken after there is room again: %w", err)
	}
	got := make([]byte, len(record))
	if _, err := again.ReadAt(got, again.Len()-int64(len(record))); err != nil || !bytes.Equal(got, record) {
		return fmt.Errorf("the record after the failed one is damaged, error %w", err)
	}
	return nil
}

// files keeps the large output of more targets than the process may open files.
func files() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 32, Max: 32}); err != nil {
		return err
	}
	store := spool.NewStore(0, "")
	spools := make([]*spool.Spool, 1000)
	for i := range spools {
		spools[i] = store.Spool(spool.Options{})
		if _, err := io.Copy(spools[i], strings.NewReader(line(i))); err != nil {
			return err
		}
	}
	for i, s := range spools {
		if got, err := io.ReadAll(s.Reader()); err != nil || string(got) != line(i) {
			return fmt.Errorf("spool %d changed, error %w", i, err)
		}
	}
	return nil
}

func line(i int) string { return strings.Repeat(fmt.Sprintf("target %4d\n", i), 10_000) }

// memory keeps 200 MiB of 200 targets, written in turns, within 80 MiB, which
// leaves room for the race detector.
func memory() error {
	store := spool.NewStore(4<<20, "")
	spools := make([]*spool.Spool, 200)
	for i := range spools {
		spools[i] = store.Spool(spool.Options{})
	}
	text := line(1)[:32<<10]
	for range 32 {
		for _, s := range spools {
			if _, err := io.WriteString(s, text); err != nil {
				return err
			}
		}
	}
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return err
	}
	peak := use.Maxrss
	if runtime.GOOS != "darwin" { // which counts bytes, as nobody else does
		peak <<= 10
	}
	if peak > 80<<20 {
		return fmt.Errorf("peak of %d MiB", peak>>20)
	}
	return nil
}
