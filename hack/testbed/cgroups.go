package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// bundles has a folder for every container that exists, named after its ID.
const bundles = runDir + "/containerd/io.containerd.runtime.v2.task/k8s.io"

// removeContainers kills whatever runs in a container of ours and removes its
// control groups. Without its shim a container lives on, so this comes after
// the shims. The groups are below "k8s.io", a name that other installations of
// containerd may use too: hence only IDs that we know.
func removeContainers(ctx context.Context) error {
	entries, err := os.ReadDir(bundles)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return poll(ctx, 15*time.Second, func() error {
		var last error
		for _, entry := range entries {
			dirs, err := groups(filepath.Join("k8s.io", entry.Name()))
			if err != nil {
				return err
			}
			for _, dir := range slices.Backward(dirs) { // children first
				killGroup(dir)
				if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
					last = fmt.Errorf("removing the control group: %w", err)
				}
			}
		}
		if last == nil {
			removeEmptyParents()
		}
		return last
	})
}

// groups are the folders of a control group and of those in it, parents first,
// with version 1 (a tree for each controller) or 2 (a single one).
func groups(name string) ([]string, error) {
	var dirs []string
	for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
		roots, err := filepath.Glob(filepath.Join(pattern, name))
		if err != nil {
			return nil, err
		}
		for _, root := range roots {
			_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					dirs = append(dirs, path)
				}
				return nil // gone meanwhile is as wanted
			})
		}
	}
	return dirs, nil
}

func killGroup(dir string) {
	data, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return
	}
	for field := range strings.FieldsSeq(string(data)) {
		if pid, err := strconv.Atoi(field); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// removeEmptyParents leaves a group alone that others use: rmdir refuses it.
func removeEmptyParents() {
	dirs, _ := groups("k8s.io")
	for _, dir := range slices.Backward(dirs) {
		if filepath.Base(dir) == "k8s.io" {
			_ = os.Remove(dir)
		}
	}
}
