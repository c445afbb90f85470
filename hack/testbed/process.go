package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a daemon that outlives the run that started it. A pid alone could
// by now belong to somebody else, so its start time is recorded too.
type process struct {
	Name    string   `json:"name"`
	PID     int      `json:"pid"`
	Started uint64   `json:"started"` // clock ticks after boot
	Argv    []string `json:"argv"`
	Config  string   `json:"config"` // digest of the configuration files that argv names
	Env     []string `json:"env"`
	Log     string   `json:"log"`
}

// environ is all that a daemon gets: no proxies, no KUBECONFIG of the user.
func (t *testbed) environ() []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + t.Dir,
	}
}

func (t *testbed) process(name string) *process {
	for _, p := range t.Processes {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// configDigest covers every file of the config folder that an argument names, so
// that a changed setting restarts just the daemons that it concerns.
func (t *testbed) configDigest(argv []string) string {
	hash := sha256.New()
	for _, arg := range argv {
		_, path, found := strings.Cut(arg, "=")
		if !found {
			path = arg
		}
		if below(path, t.path("config")) {
			data, _ := os.ReadFile(path) // the daemon will complain about a missing one
			hash.Write(data)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// ensure starts the daemon unless the very same one runs already.
func (t *testbed) ensure(ctx context.Context, name string, argv []string) error {
	config := t.configDigest(argv)
	if p := t.process(name); p != nil {
		if p.alive() && slices.Equal(p.Argv, argv) && p.Config == config {
			return nil
		}
		if err := p.stop(ctx, 10*time.Second); err != nil {
			return err
		}
		t.Processes = slices.DeleteFunc(t.Processes, func(old *process) bool { return old == p })
	}
	p := &process{Name: name, Argv: argv, Config: config, Env: t.environ(), Log: t.path("logs", name+".log")}
	if err := p.start(); err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	say("started %s (pid %d)", name, p.PID)
	t.Processes = append(t.Processes, p)
	return t.save()
}

func (p *process) start() error {
	if err := os.MkdirAll(filepath.Dir(p.Log), 0o700); err != nil {
		return err
	}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.Argv[0], p.Argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.Env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a ^C here is not for it
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // so that an early death is not a zombie
	p.PID = cmd.Process.Pid
	p.Started, _ = startTime(p.PID)
	return nil
}

// alive says whether this very process still runs.
func (p *process) alive() bool {
	started, ok := startTime(p.PID)
	return ok && started == p.Started
}

// stop ends the process: politely, after the grace period by force.
func (p *process) stop(ctx context.Context, grace time.Duration) error {
	if !p.alive() {
		return nil
	}
	_ = syscall.Kill(p.PID, syscall.SIGTERM)
	if grace > 0 && poll(ctx, grace, func() error { return p.mustBeGone() }) == nil {
		return nil
	}
	_ = syscall.Kill(p.PID, syscall.SIGKILL)
	return poll(ctx, 10*time.Second, p.mustBeGone)
}

func (p *process) mustBeGone() error {
	if p.alive() {
		return fmt.Errorf("%s (pid %d) still runs", p.Name, p.PID)
	}
	return nil
}

// startTime reads when a process started, in clock ticks after boot. ok is
// false for one that is gone or only waits to be reaped.
func startTime(pid int) (ticks uint64, ok bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	// The name in brackets may hold spaces: count the fields after it.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return 0, false
	}
	ticks, err = strconv.ParseUint(fields[19], 10, 64)
	return ticks, err == nil
}

// poll tries until there is no error or the time is over; it returns the last.
func poll(ctx context.Context, limit time.Duration, try func() error) error {
	deadline := time.Now().Add(limit)
	for wait := 20 * time.Millisecond; ; wait = min(wait*3/2, 500*time.Millisecond) {
		err := try()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

// command runs a program to its end and returns what it wrote to stdout. The
// error carries the end of stderr.
func command(ctx context.Context, env []string, stdin []byte, argv ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	if env != nil {
		cmd.Env = env
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(stderr.String())
		return nil, fmt.Errorf("running %q: %w: %s", argv, err, text[max(0, len(text)-800):])
	}
	return stdout.Bytes(), nil
}

// kubectl talks to the testbed as its administrator.
func (t *testbed) kubectl(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	env := append(t.environ(), "KUBECONFIG="+t.Kubeconfig)
	return command(ctx, env, stdin, append([]string{t.Bin["kubectl"]}, args...)...)
}
