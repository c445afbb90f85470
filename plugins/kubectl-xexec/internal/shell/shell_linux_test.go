package shell_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/shell"
)

// The terminfo database of this machine is as good as a container's. Each has an
// entry for "linux".
func TestKnownTerminalIsPassedOn(t *testing.T) {
	cmd := exec.Command("sh", shell.Command("linux")[1:]...)
	cmd.Env = []string{"PATH=" + image(t, "bash"), "TERM=xterm"}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "bash 0 linux\n") {
		t.Errorf("the shell says %q, %v", out, err)
	}
}
