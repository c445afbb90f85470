package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// down removes the testbed: processes, containers, mounts, control groups,
// network, files. It looks at what is there rather than at what was recorded,
// so it also clears up after a crash, and twice is as good as once.
func (t *testbed) down(ctx context.Context) error {
	began := time.Now()
	// The kubelet first, else it would start again what ends; the stores last.
	stop := []string{"kubelet", "kwok", "metrics-server", "kube-scheduler", "kube-controller-manager", "kube-apiserver", "containerd", "etcd"}
	found := 0
	for _, name := range stop {
		p := t.process(name)
		if p == nil || !p.alive() {
			continue
		}
		found++
		grace := 5 * time.Second
		if name == "kube-apiserver" || name == "etcd" {
			grace = 0 // they would drain connections and flush what we delete
		}
		if err := p.stop(ctx, grace); err != nil {
			return err
		}
	}
	if err := errors.Join(
		killShims(ctx),
		removeContainers(ctx),
		t.unmount(ctx),
		removeNetwork(ctx),
		t.removeStrays(),
		os.RemoveAll(runDir),
		os.RemoveAll(t.Dir),
	); err != nil {
		return err
	}
	t.Processes, t.Parts, t.FakeNodes, t.Images = nil, nil, 0, map[string]string{}
	if found > 0 {
		say("down after %.1f s", time.Since(began).Seconds())
	}
	return nil
}

// killShims ends the supervisors of containers: they are children of nobody,
// and serve a socket of our containerd.
func killShims(ctx context.Context) error {
	return poll(ctx, 10*time.Second, func() error {
		pids, err := shims()
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			err = errors.Join(err, fmt.Errorf("containerd-shim (pid %d) still runs", pid))
		}
		return err
	})
}

func shims() ([]int, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		argv := strings.Split(string(data), "\x00")
		if filepath.Base(argv[0]) != "containerd-shim-runc-v2" || !slices.Contains(argv, containerdSock) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, err
		}
		if _, ok := startTime(pid); ok {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// unmount detaches what is mounted below our folders, the latest first.
func (t *testbed) unmount(ctx context.Context) error {
	return poll(ctx, 5*time.Second, func() error {
		data, err := os.ReadFile("/proc/self/mounts")
		if err != nil {
			return err
		}
		var points []string
		for line := range strings.Lines(string(data)) {
			fields := strings.Fields(line)
			if len(fields) < 2 {
				continue
			}
			if point := unescape(fields[1]); below(point, t.Dir) || below(point, runDir) {
				points = append(points, point)
			}
		}
		var last error
		for _, point := range slices.Backward(points) {
			if err := syscall.Unmount(point, syscall.MNT_DETACH); err != nil {
				last = fmt.Errorf("unmounting %q: %w", point, err)
			}
		}
		return last
	})
}

func below(path, dir string) bool { return strings.HasPrefix(path, dir+"/") }

// unescape undoes what the kernel does to odd characters of a mount point.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace
