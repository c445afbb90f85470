package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// bench is the built plugin and the pods to run in.
type bench struct {
	o      options
	dir    string // for what is thrown away in the end
	plugin string
	flags  string // the plugin's --help
}

// The fake pods of hack/testbed.
const (
	namespace = "fake"
	selector  = "app=fake"
	sample    = "bench-xexec" // label of the pods that are in samples of them
)

// samples are the sizes of the samples that sections use: a pod in a smaller one
// is in the larger ones, too.
var samples = []int{100, 200, 250}

func prepare(ctx context.Context, o options) (*bench, func(), error) {
	dir, err := os.MkdirTemp("", "bench-xexec-")
	if err != nil {
		return nil, nil, err
	}
	cleanup := func() { os.RemoveAll(dir) }
	b := &bench{o: o, dir: dir, plugin: filepath.Join(dir, "kubectl-xexec")}
	if err := b.build(ctx); err != nil {
		cleanup()
		return nil, nil, err
	}
	if err := b.choosePods(ctx); err != nil {
		cleanup()
		return nil, nil, err
	}
	return b, cleanup, nil
}

func (b *bench) build(ctx context.Context) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.plugin, "./plugins/kubectl-xexec")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as released
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building kubectl-xexec: %w\n%s", err, out)
	}
	help, err := exec.CommandContext(ctx, b.plugin, "--help").Output()
	if err != nil {
		return fmt.Errorf("asking kubectl-xexec for help: %w", err)
	}
	b.flags = string(help)
	if b.o.kubectl != "" {
		return nil
	}
	cmd := exec.CommandContext(ctx, "hack/programs/build", "kubernetes/kubectl")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("building kubectl: %w", err)
	}
	b.o.kubectl = strings.TrimSpace(string(out))
	return nil
}

// choosePods makes sure that there are exactly the pods that a time is quoted for,
// and labels the samples.
func (b *bench) choosePods(ctx context.Context) error {
	out, err := b.kubectl(ctx, "get", "pods", "-l", selector, "--field-selector=status.phase=Running", "-o", "name")
	if err != nil {
		return err
	}
	pods := strings.Fields(out)
	if len(pods) != b.o.pods {
		return fmt.Errorf("there are %d fake pods, not %d; run hack/testbed/testbed fake --pods %d", len(pods), b.o.pods, b.o.pods)
	}
	if err := b.checkSamples(ctx); err == nil {
		return nil
	}
	from := 0
	for _, size := range samples {
		if size > len(pods) {
			break
		}
		args := append([]string{"label", "--overwrite"}, pods[from:size]...)
		if _, err := b.kubectl(ctx, append(args, sample+"="+strconv.Itoa(size))...); err != nil {
			return err
		}
		from = size
	}
	return b.checkSamples(ctx)
}

func (b *bench) checkSamples(ctx context.Context) error {
	for _, size := range samples {
		if size > b.o.pods {
			break
		}
		out, err := b.kubectl(ctx, "get", "pods", "-l", among(size), "-o", "name")
		if err != nil {
			return err
		}
		if n := len(strings.Fields(out)); n != size {
			return fmt.Errorf("the sample of %d pods has %d", size, n)
		}
	}
	return nil
}

// among selects size pods; any size that is not a sample's is all of them.
func among(size int) string {
	var values []string
	for _, s := range samples {
		values = append(values, strconv.Itoa(s))
		if s == size {
			return sample + " in (" + strings.Join(values, ",") + ")"
		}
	}
	return selector
}

func (b *bench) kubectl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.o.kubectl, append([]string{"--kubeconfig", b.o.kubeconfig, "-n", namespace}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w\n%s", args[0], err, stderr.String())
	}
	return string(out), nil
}

// has reports whether the plugin knows a flag, given as --NAME or --NAME=VALUE.
func (b *bench) has(flag string) bool {
	name, _, _ := strings.Cut(flag, "=")
	return regexp.MustCompile(regexp.QuoteMeta(name) + `\b`).MatchString(b.flags)
}
