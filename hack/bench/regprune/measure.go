package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-suite/kubectl-suite/hack/bench/process"
)

// outcome is how a measured program ended, and what it took.
type outcome struct {
	wall, cpu      time.Duration // cpu is user and system time, of its children too
	rss            int64         // bytes, at its highest
	stdout, stderr []byte
	code           int
}

// measured runs a program to its end. Its peak memory is sampled, as what the kernel
// tells in the end begins with the memory of the process that started it.
func (b *bench) measured(stdin io.Reader, env []string, program string, args ...string) (outcome, error) {
	cmd := exec.CommandContext(b.ctx, program, args...)
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return outcome{}, err
	}
	done, peak := make(chan struct{}), make(chan int64)
	go process.Peak(cmd.Process.Pid, done, peak)
	err := cmd.Wait()
	o := outcome{wall: time.Since(begin), stdout: stdout.Bytes(), stderr: stderr.Bytes(), code: cmd.ProcessState.ExitCode()}
	close(done)
	o.rss = <-peak
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		o.cpu = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return o, fmt.Errorf("running %s: %w", program, err)
	}
	return o, b.ctx.Err()
}

// regprune runs the plugin, which remembers things in the folder cache. It must end
// with 0.
func (b *bench) regprune(cache string, args ...string) (outcome, error) {
	env := []string{"XDG_CACHE_HOME=" + cache, "XDG_STATE_HOME=" + cache, "KUBECTL_KUBERC=false", "DOCKER_CONFIG=" + cache}
	o, err := b.measured(nil, env, b.o.plugin, append(args, "--parallel", strconv.Itoa(b.o.conns))...)
	if err == nil && o.code != 0 {
		err = fmt.Errorf("kubectl regprune ended with %d: %.500s", o.code, o.stderr)
	}
	return o, err
}

// planned is what is checked of a plan.
type planned struct {
	Totals struct {
		Tags        int `json:"tags"`
		TagsDeleted int `json:"tagsDeleted"`
		Manifests   int `json:"manifests"`
	} `json:"totals"`
}

// plan takes the inventory of the registry at url and makes a plan by rules. It must
// know all tags.
func (b *bench) plan(cache, url string, tags int, rules ...string) (outcome, planned, error) {
	var p planned
	o, err := b.regprune(cache, append([]string{"--registry", url, "--no-cluster", "-q", "-o", "json"}, rules...)...)
	if err != nil {
		return o, p, err
	}
	if err := json.Unmarshal(o.stdout, &p); err != nil {
		return o, p, err
	}
	if p.Totals.Tags != tags {
		err = fmt.Errorf("%w: a plan of %d tags, not of %d", errWrong, p.Totals.Tags, tags)
	}
	return o, p, err
}

// middle is the run of median wall time, with the highest peak of them all.
func middle(runs []outcome) outcome {
	runs = slices.Clone(runs)
	slices.SortFunc(runs, func(a, b outcome) int { return cmp.Compare(a.wall, b.wall) })
	m := runs[len(runs)/2]
	for _, r := range runs {
		m.rss = max(m.rss, r.rss)
	}
	return m
}

// rounds lets contenders take turns, and returns the median of each.
func (b *bench) rounds(contenders ...func() (outcome, error)) ([]outcome, error) {
	runs := make([][]outcome, len(contenders))
	for range b.o.rounds {
		for i, run := range contenders {
			o, err := run()
			if err != nil {
				return nil, err
			}
			runs[i] = append(runs[i], o)
		}
	}
	var medians []outcome
	for _, r := range runs {
		medians = append(medians, middle(r))
	}
	return medians, nil
}

// loadAverage is what else the machine does.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:2], ", ")
}

const mib = 1 << 20
