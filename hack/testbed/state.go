package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// There is one testbed per machine: these names are global to its kernel.
const (
	nodeName   = "testbed-node"
	bridge     = "ksuite0"
	nodeIP     = "10.250.0.1"
	podSubnet  = "10.250.0.0/20"
	serviceNet = "10.251.0.0/20"
	// runDir holds sockets and mounts. It is short because a socket path may
	// have 107 characters, and containerd allows its shims only 42.
	runDir = "/run/ksuite-testbed"
)

// Ports, on loopback except where said.
const (
	etcdPort       = 16479
	etcdPeerPort   = 16480
	apiPort        = 16443
	managerPort    = 16457
	schedulerPort  = 16459
	kubeletPort    = 10250 // on nodeIP
	kubeletHealth  = 16448
	kwokPort       = 10247 // on nodeIP
	metricsPort    = 10249 // on nodeIP
	containerdSock = runDir + "/containerd.sock"
)

// state is what testbed.json says: what runs, and what a test needs to know
// about it. Tests read it (test/e2e); keep the names of its fields.
type state struct {
	Dir        string            `json:"dir"`
	Kubeconfig string            `json:"kubeconfig"`
	NodeName   string            `json:"nodeName"`
	NodeIP     string            `json:"nodeIP"`
	Parts      []string          `json:"parts"`
	FakeNodes  int               `json:"fakeNodes"`
	Bin        map[string]string `json:"bin"`      // program → path
	AuditLog   string            `json:"auditLog"` // one JSON line per request to a pod's streaming subresources
	Images     map[string]string `json:"images"`   // name → digest of the manifest
	Processes  []*process        `json:"processes"`
	Command    []string          `json:"command"` // how to run this program again
}

// testbed is the cluster as seen by one run of this program.
type testbed struct {
	state
	root string // the checkout
}

// cacheDir is shared with hack/programs/build.
func cacheDir() (string, error) {
	if dir := os.Getenv("KUBECTL_SUITE_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir() // XDG_CACHE_HOME, then ~/.cache
	if err != nil {
		return "", fmt.Errorf("finding the cache folder: %w", err)
	}
	return filepath.Join(dir, "kubectl-suite"), nil
}

// newTestbed knows where everything goes, and nothing of what runs.
func newTestbed() (*testbed, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("running containers needs root")
	}
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "testbed")
	return &testbed{root: root, state: state{
		Dir:        dir,
		Kubeconfig: filepath.Join(dir, "kubeconfig"),
		NodeName:   nodeName,
		NodeIP:     nodeIP,
		AuditLog:   filepath.Join(dir, "logs", "audit.log"),
		Command:    []string{filepath.Join(root, "hack", "testbed", "testbed")},
		Bin:        map[string]string{},
		Images:     map[string]string{},
	}}, nil
}

// load reads what an earlier run wrote, if there was one.
func (t *testbed) load() error {
	command := t.Command
	data, err := os.ReadFile(t.path("testbed.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("reading the state: %w", err)
	}
	if err := json.Unmarshal(data, &t.state); err != nil {
		return fmt.Errorf("reading %q: %w (remove it and run down)", t.path("testbed.json"), err)
	}
	t.Command = command // another checkout may have started it
	return nil
}

// findRoot walks up from the working directory to the checkout.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "hack", "programs", "build")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("run this inside the checkout: found no hack/programs/build above")
}

func (t *testbed) path(elem ...string) string {
	return filepath.Join(append([]string{t.Dir}, elem...)...)
}

// save writes testbed.json, whole or not at all.
func (t *testbed) save() error {
	data, err := json.MarshalIndent(t.state, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(t.path("testbed.json"), append(data, '\n'))
}

// writeFile makes the parents and replaces the file in one step. Everything
// here is for root only: most of it is keys.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp := path + ".new"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

// lock lets one run at a time change the testbed; the next one waits.
func (t *testbed) lock(ctx context.Context) (func(), error) {
	if err := os.MkdirAll(filepath.Dir(t.Dir), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(t.Dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for said := false; ; said = true {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !said {
			say("another run holds the testbed, waiting")
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another run: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "testbed: "+format+"\n", args...)
}
