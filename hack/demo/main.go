// Demo shows the plugins at work without a cluster: `make demo`.
//
// It runs the built binaries from bin/ against a Kubernetes API server inside this
// process (pkg/kubetest, with the exec and port-forward handlers of Kubernetes
// itself), a real redis-server and a real docker-registry with sample data. "Pods" are
// local processes and those of Redis and the registry are these servers, so nothing is
// installed and nothing stays.
//
// Every step is checked: if a command does not print and return what it should, the
// demo says so and exits 1.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "kubectl-suite-demo-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	fmt.Println("Starting an API server, a redis-server and a docker-registry on this machine, with sample data …")
	c, err := newCluster(ctx, dir)
	if err != nil {
		return err
	}
	defer c.close()
	s, err := newSession(c, dir)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if err := s.do(ctx, step); err != nil {
			return err
		}
	}
	if err := errors.Join(s.checkCount(ctx), s.checkTags(ctx)); err != nil {
		return err
	}
	fmt.Print(next)
	return nil
}

const next = `
Try next, on a cluster of yours:

  export PATH="$PWD/bin:$PATH"
  kubectl xexec --help
  kubectl xexec deploy/NAME -- uptime
  kubectl redismem -n NAMESPACE
  kubectl regprune doctor -n NAMESPACE

and here: make test (all tests without a cluster), make e2e (a real cluster on this machine).
`

var plugins = []string{"kubectl-xexec", "kubectl-redismem", "kubectl-regprune"}

// newSession prepares to run commands with the built plugins first in PATH.
func newSession(c *cluster, dir string) (*session, error) {
	bin, err := filepath.Abs("bin")
	if err != nil {
		return nil, err
	}
	for _, plugin := range plugins {
		if _, err := os.Stat(filepath.Join(bin, plugin)); err != nil {
			return nil, fmt.Errorf("finding bin/%s: %w; run the demo by: make demo", plugin, err)
		}
	}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := c.api.Kubeconfig(kubeconfig); err != nil {
		return nil, err
	}
	s := &session{cluster: c, env: append(os.Environ(),
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "KUBECONFIG="+kubeconfig, "KUBERC=off",
		// The demo's runs are not the user's.
		"XDG_STATE_HOME="+filepath.Join(dir, "state"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))}
	if _, err := exec.LookPath("kubectl"); err != nil {
		s.direct = true
		fmt.Println("There is no kubectl here, so the plugins are called directly: kubectl-xexec stands for kubectl xexec.")
	}
	return s, nil
}
