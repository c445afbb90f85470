package supervise_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

// TestForeignGroupsAreLeftAlone lets the supervisor start in the test's own process
// group, as some local runtimes do. If it killed that, no test would pass.
func TestForeignGroupsAreLeftAlone(t *testing.T) {
	bin := t.TempDir() // without setsid
	for _, program := range []string{"sleep", "sh", "bash"} {
		if err := os.Symlink("/bin/"+program, bin+"/"+program); err != nil {
			t.Fatal(err)
		}
	}
	for path, group := range map[string]bool{os.Getenv("PATH"): true, bin: false} {
		for name, sh := range shells {
			t.Run(fmt.Sprintf("%s, setsid %v", name, group), func(t *testing.T) {
				t.Parallel()
				r := command("bash", "-c", "trap '' TERM; sleep 2; sleep 3")
				r.Timeout = 500 * time.Millisecond
				exec := local{sh: sh, noGroup: true, env: []string{"PATH=" + path}}
				exec.sh = append([]string{lookup(t, sh[0])}, sh[1:]...)
				res := supervise.New(exec, supervise.Options{Grace: time.Second}).Run(t.Context(), r.Request)
				if res.Outcome != podexec.Timeout || res.Left != supervise.LeftEnded || !res.Verified {
					t.Errorf("%+v", res)
				}
			})
		}
	}
}

func lookup(t *testing.T, program string) string {
	t.Helper()
	for _, dir := range strings.Split(os.Getenv("PATH"), ":") {
		if _, err := os.Stat(dir + "/" + program); err == nil {
			return dir + "/" + program
		}
	}
	t.Fatalf("%q is not installed", program)
	return ""
}
