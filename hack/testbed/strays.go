package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A few folders are compiled into the kubelet and libcni and cannot be moved.
const (
	containerLogs = "/var/log/containers"
	cniResults    = "/var/lib/cni/results"
	devicePlugins = "/var/lib/kubelet/device-plugins"
)

// refuseSecondKubelet protects a machine that is a node already: two kubelets
// would share the folder of device plugins and break each other.
func (t *testbed) refuseSecondKubelet() error {
	if p := t.process("kubelet"); p != nil && p.alive() {
		return nil
	}
	conn, err := net.DialTimeout("unix", filepath.Join(devicePlugins, "kubelet.sock"), time.Second)
	if err != nil {
		return nil
	}
	conn.Close()
	return errors.New("another kubelet runs on this machine; use --only kwok, or a machine that is no node")
}

// removeStrays deletes what our pods left in those folders, and the folders
// that are then empty.
func (t *testbed) removeStrays() error {
	links, err := filepath.Glob(containerLogs + "/*")
	if err != nil {
		return err
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && below(target, t.Dir) {
			if err := os.Remove(link); err != nil {
				return fmt.Errorf("removing a link to a log: %w", err)
			}
		}
	}
	strays, err := filepath.Glob(cniResults + "/ksuite-testbed-*")
	if err != nil {
		return err
	}
	if t.refuseSecondKubelet() == nil {
		strays = append(strays, filepath.Join(devicePlugins, "kubelet.sock"), filepath.Join(devicePlugins, "kubelet_internal_checkpoint"))
	}
	for _, stray := range strays {
		if err := os.Remove(stray); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	for _, dir := range []string{containerLogs, cniResults, filepath.Dir(cniResults), devicePlugins, filepath.Dir(devicePlugins)} {
		_ = os.Remove(dir) // refuses one that is not empty
	}
	return nil
}
