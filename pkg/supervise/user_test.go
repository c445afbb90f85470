package supervise_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

// TestUsers changes to other users, with the programs of util-linux and with su alone,
// as busybox images have it. Where the test is not root nobody can.
func TestUsers(t *testing.T) {
	bare := t.TempDir()
	for _, program := range []string{"sh", "su"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, bare+"/"+program); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct{ user, full, bare string }{
		{"nobody", "65534 65534", "65534 65534"},
		{"65534", "65534 65534", "65534 65534"},
		{"nobody:65534", "65534 65534", "65534 65534"},
		{"nobody:5678", "65534 5678", "no program"},
		{"1234:5678", "1234 5678", "no program"},
		{"1234", "1234 0", "no program"},
		{"root:5678", "0 5678", "no program"},
		{"root", "0 0", "0 0"},
	} {
		for path, want := range map[string]string{os.Getenv("PATH"): tc.full, bare: tc.bare} {
			r := command(lookup(t, "sh"), "-c", `echo "$(/usr/bin/id -u) $(/usr/bin/id -g)"`) // the user cannot enter bare
			r.Command.User = tc.user
			exec := local{sh: []string{lookup(t, "dash")}, env: []string{"PATH=" + path}}
			res := supervise.New(exec, supervise.Options{}).Run(t.Context(), r.Request)
			if os.Getuid() != 0 {
				want = "needs a container that runs as root"
			}
			got := strings.TrimSpace(r.out.String())
			if (res.Outcome != podexec.OK || !res.Verified || got != want) && (res.Outcome != podexec.NotStarted || !strings.Contains(res.Reason, want)) {
				t.Errorf("%s with %s: %s %s, printed %q, want %q", tc.user, path, res.Outcome, res.Reason, got, want)
			}
		}
	}
}
