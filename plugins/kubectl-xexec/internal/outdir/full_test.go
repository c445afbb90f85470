//go:build unix

package outdir_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/outdir"
)

// The test binary runs itself with this folder in the environment, and with a
// limit on the size of files for a disk that is full.
const childEnv = "OUTDIR_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := full(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, want := range map[string]int64{"prod_a_app.out": 4096, "prod_b_app.out": 5} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() != want {
			t.Errorf("%s: %v, %v, want %d bytes", name, info, err, want)
		}
	}
}

// full writes more than fits for one target, which must be told and no other.
func full(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: 4096}); err != nil {
		return err
	}
	targets := []resolve.Target{web("a"), web("b")}
	d, err := outdir.Open(dir, targets, false)
	if err != nil {
		return err
	}
	large, _ := d.Open(0)
	small, _ := d.Open(1)
	if _, err := large.Write(make([]byte, 5000)); !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("a full disk: %w", err)
	}
	if _, err := large.Write([]byte("x")); !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("a gap: %w", err)
	}
	if _, err := small.Write([]byte("fine\n")); err != nil {
		return err
	}
	for i := range targets {
		if err := d.Landed(i, engine.Result{Target: targets[i], Outcome: podexec.OK}); err != nil {
			return err
		}
	}
	return d.Close(context.Background())
}
