package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
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
	go watch(cmd.Process.Pid, done, peak)
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

// watch samples the memory of a process tree until done.
func watch(pid int, done <-chan struct{}, peak chan<- int64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var highest int64
	for {
		select {
		case <-done:
			peak <- highest
			return
		case <-tick.C:
			highest = max(highest, treeMemory(pid))
		}
	}
}

// treeMemory is the memory of a process and its descendants. A process without
// any counts with the kernel's own high-water mark, which misses no peak.
func treeMemory(pid int) int64 {
	children := childrenOf(pid)
	if len(children) == 0 {
		return status(pid, "VmHWM:")
	}
	sum := status(pid, "VmRSS:")
	for _, child := range children {
		sum += treeMemory(child)
	}
	return sum
}

func childrenOf(pid int) []int {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	var pids []int
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			continue // ended meanwhile
		}
		for field := range strings.FieldsSeq(string(data)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// status reads a size in bytes from /proc/PID/status, 0 of a process that ended.
func status(pid int, field string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), field)
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseInt(kib, 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
