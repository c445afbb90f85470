//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Plugins are built once for each run of the tests, from the sources at hand,
// so that no test ever proves something about an old binary.
var plugins struct {
	sync.Mutex
	dir   string
	built map[string]error
}

func pluginDir() string {
	plugins.Lock()
	defer plugins.Unlock()
	return plugins.dir
}

// Plugin builds plugins/NAME (say "kubectl-xexec") and returns the path of the
// binary. From then on kubectl finds it too.
func (c *Cluster) Plugin(t testing.TB, name string) string {
	t.Helper()
	plugins.Lock()
	defer plugins.Unlock()
	if plugins.dir == "" {
		dir, err := os.MkdirTemp("", "kubectl-suite-e2e-")
		if err != nil {
			t.Fatalf("making a folder for the plugins: %v", err)
		}
		plugins.dir, plugins.built = dir, map[string]error{}
	}
	binary := filepath.Join(plugins.dir, name)
	err, done := plugins.built[name]
	if !done {
		cmd := exec.Command("go", "build", "-o", binary, "./plugins/"+name)
		cmd.Dir = c.root
		var out []byte
		if out, err = cmd.CombinedOutput(); err != nil {
			err = fmt.Errorf("building %s: %w\n%s", name, err, strings.TrimSpace(string(out)))
		}
		plugins.built[name] = err
	}
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// removePlugins is called when all tests are over.
func removePlugins() error {
	plugins.Lock()
	defer plugins.Unlock()
	if plugins.dir == "" {
		return nil
	}
	return os.RemoveAll(plugins.dir)
}
