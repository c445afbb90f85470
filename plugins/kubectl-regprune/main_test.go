package main

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

func TestMain(m *testing.M) {
	patience = registry.Retry{Wait: 100 * time.Millisecond, MaxWait: 3 * time.Second}
	testscript.Main(m, map[string]func(){
		"kubectl-regprune":          func() { os.Exit(cli.Main(newCommand)) },
		"kubectl_complete-regprune": func() { os.Exit(cli.Main(newCommand)) }, // completion asks under this name
	})
}

// kubeToken is what the API servers of the tests want to see.
const kubeToken = "token-of-the-tests"

// secrets must be in no output: the registry's password as it is and as Docker's
// configurations and requests have it, and the token of the cluster.
var secrets = []string{
	registrytest.Password, base64.StdEncoding.EncodeToString([]byte(registrytest.User + ":" + registrytest.Password)), kubeToken,
}

// leak is the first secret in a text, "" if there is none.
func leak(text string) string {
	if i := slices.IndexFunc(secrets, func(s string) bool { return strings.Contains(text, s) }); i >= 0 {
		return secrets[i]
	}
	return ""
}

// build makes the registry's program while the caches are where they should be.
var build sync.Once

// home gives the test an empty home for the journals of runs.
func home(t *testing.T) string {
	t.Helper()
	build.Do(func() {
		registrytest.Start(t, registrytest.V3, registrytest.Options{}).Stop()
	})
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("KUBERC", "off")
	for _, name := range []string{"XDG_STATE_HOME", "XDG_CACHE_HOME", "KUBECONFIG", "DOCKER_CONFIG", "REGPRUNE_PASSWORD"} {
		t.Setenv(name, "")
	}
	return dir
}

// outcome is how a command ended.
type outcome struct {
	code        int
	out, errOut string
}

func (o outcome) String() string {
	return fmt.Sprintf("exit code %d\nstdout:\n%s\nstderr:\n%s", o.code, o.out, o.errOut)
}

// regprune runs the command in this process. A secret in its output fails the test.
func regprune(ctx context.Context, t *testing.T, args ...string) outcome {
	t.Helper()
	s, _, out, errOut := streams.Test()
	code := cli.Run(ctx, newCommand(s), s, args)
	o := outcome{code, out.String(), errOut.String()}
	if secret := leak(o.out + o.errOut); secret != "" {
		t.Errorf("%q shows the secret %q", args, secret)
	}
	return o
}

// must runs the command and fails the test unless it ends with a code.
func must(t *testing.T, code int, args ...string) outcome {
	t.Helper()
	o := regprune(t.Context(), t, args...)
	if o.code != code {
		t.Fatalf("%q: want exit code %d\n%s", args, code, o)
	}
	return o
}

// says fails the test unless stderr has all of the texts.
func (o outcome) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.errOut, text) {
			t.Errorf("stderr lacks %q:\n%s", text, o.errOut)
		}
	}
}
