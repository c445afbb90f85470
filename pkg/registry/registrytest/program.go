package registrytest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Version is a generation of distribution.
type Version string

// The versions that are tested with.
const (
	V2 Version = "2.8" // Debian's docker-registry
	V3 Version = "3.1" // built by hack/programs
)

// Versions are all of them.
var Versions = []Version{V2, V3}

// Each runs a test against every version.
func Each(t *testing.T, test func(t *testing.T, v Version)) {
	for _, v := range Versions {
		t.Run(string(v), func(t *testing.T) { test(t, v) })
	}
}

// Program is the path of a version's program.
func Program(tb TB, v Version) string {
	tb.Helper()
	path, err := program(v)
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

func program(v Version) (string, error) {
	if v == V3 {
		return built()
	}
	path, err := exec.LookPath("docker-registry")
	if err != nil {
		return "", errors.New("docker-registry not found: install the Debian package docker-registry")
	}
	return path, nil
}

// built builds distribution 3 unless the cache has it.
var built = sync.OnceValues(func() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		dir, err := os.Getwd() // a trimmed build; tests run in their package's folder
		if err != nil {
			return "", err
		}
		file = filepath.Join(dir, "x")
	}
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		script := filepath.Join(dir, "hack", "programs", "build")
		if _, err := os.Stat(script); err == nil {
			out, err := output(exec.Command("bash", script, "registry/registry"))
			return strings.TrimSpace(out), err
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("hack/programs/build not found above the test")
		}
	}
})

// output is what a program prints; its error says what it complained about.
func output(cmd *exec.Cmd) (string, error) {
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("running %q: %w\n%s", cmd.Path, err, stderr.String())
	}
	return string(out), nil
}
