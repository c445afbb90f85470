package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kubectl-suite/kubectl-suite/hack/bench/process"
)

// usage is what a program and all programs that it started took.
type usage struct {
	wall, cpu time.Duration // cpu is user and system time, of the whole process tree
	rss       int64         // bytes: the sum over the process tree at its highest
}

func (u usage) row(what string) string {
	return fmt.Sprintf("| %s | %.2f | %.2f | %.1f MiB |", what, u.wall.Seconds(), u.cpu.Seconds(), float64(u.rss)/(1<<20))
}

// outcome is how a measured program ended.
type outcome struct {
	usage
	stdout, stderr []byte
	code           int
}

// measured runs a program to its end. The kernel adds up the processor time of a
// process tree as parents wait for their children. Peak memory it does not, and of
// a single process it begins with the memory of the one that started it: that is
// sampled here.
func (b *bench) measured(ctx context.Context, started func(pid int), program string, args ...string) (outcome, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+b.o.kubeconfig, "XDG_STATE_HOME="+filepath.Join(b.dir, "state"), "KUBECTL_KUBERC=false")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return outcome{}, err
	}
	if started != nil {
		go started(cmd.Process.Pid)
	}
	done, peak := make(chan struct{}), make(chan int64)
	go process.Peak(cmd.Process.Pid, done, peak)
	err := cmd.Wait()
	o := outcome{stdout: stdout.Bytes(), stderr: stderr.Bytes(), code: cmd.ProcessState.ExitCode()}
	o.wall = time.Since(begin)
	close(done)
	o.rss = <-peak
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		o.cpu = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return o, fmt.Errorf("running %s: %w", program, err)
	}
	return o, ctx.Err()
}
