// Package process tells what a program took that a benchmark has run.
package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Peak samples the memory of a process, with that of its descendants, until done is
// closed, and then sends the highest sum in bytes. The kernel's own figure for a
// process that has ended will not do: it begins with the memory of the one that
// started it.
func Peak(pid int, done <-chan struct{}, peak chan<- int64) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var highest int64
	for {
		select {
		case <-done:
			peak <- highest
			return
		case <-tick.C:
			highest = max(highest, memory(pid))
		}
	}
}

// memory is that of a process and its descendants. A process without any counts with
// the kernel's high-water mark, which misses no peak.
func memory(pid int) int64 {
	children := childrenOf(pid)
	if len(children) == 0 {
		return status(pid, "VmHWM:")
	}
	sum := status(pid, "VmRSS:")
	for _, child := range children {
		sum += memory(child)
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
