package supervise_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

var shells = map[string][]string{
	"dash": {"dash"}, "bash": {"bash"}, "bash as sh": {"bash", "--posix"}, "busybox": {"busybox", "sh"},
}

// run is a request and what it printed.
type run struct {
	supervise.Request
	out, errOut bytes.Buffer
	started     int
}

func command(argv ...string) *run {
	r := &run{Request: supervise.Request{Namespace: "default", Pod: "web-0", Container: "app", Command: supervise.Command{Argv: argv}}}
	r.Stdout, r.Stderr, r.Started = &r.out, &r.errOut, func() { r.started++ }
	return r
}

func (r *run) on(t *testing.T, sh []string) supervise.Result {
	t.Helper()
	return supervise.New(local{sh: sh}, supervise.Options{Grace: time.Second}).Run(t.Context(), r.Request)
}

func eachShell(t *testing.T, test func(t *testing.T, sh []string)) {
	t.Helper()
	for name, sh := range shells {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, sh)
		})
	}
}

func TestEndsAreProven(t *testing.T) {
	eachShell(t, func(t *testing.T, sh []string) {
		for _, tc := range []struct {
			argv        []string
			outcome     podexec.Outcome
			code        int
			out, errOut string
		}{
			{[]string{"true"}, podexec.OK, 0, "", ""},
			{[]string{"printf", `a\036b\n\036`}, podexec.OK, 0, "a\036b\n\036", ""},
			{[]string{"bash", "-c", "echo out; echo err >&2; exit 3"}, podexec.Failed, 3, "out\n", "err\n"},
			{[]string{"bash", "-c", "kill -9 $$"}, podexec.Failed, 137, "", ""},
			{[]string{"bash", "-c", "kill -TERM $$"}, podexec.Failed, 143, "", ""},
			{[]string{"bash", "-c", "kill -INT $$"}, podexec.Failed, 130, "", ""},
			{[]string{"cat"}, podexec.OK, 0, "", ""},
			{[]string{"bash", "-c", `printf '[%s]' "$@"`, "x", "", "a  b", "-n", "*", "é\n"}, podexec.OK, 0, "[][a  b][-n][*][é\n]", ""},
			{[]string{"no-such-program"}, podexec.NotStarted, 127, "", ""},
			{[]string{"cd"}, podexec.NotStarted, 127, "", ""},
			{[]string{"/etc/passwd"}, podexec.NotStarted, 126, "", ""},
			{[]string{"/etc"}, podexec.NotStarted, 126, "", ""},
			{[]string{"/no/such"}, podexec.NotStarted, 127, "", ""},
			{[]string{""}, podexec.NotStarted, 127, "", ""},
		} {
			r := command(tc.argv...)
			res := r.on(t, sh)
			started := 1
			if tc.outcome == podexec.NotStarted {
				started = 0
			}
			if res.Outcome != tc.outcome || res.ExitCode != tc.code || res.Verified != (started == 1) || res.Left != "" || r.started != started {
				t.Errorf("%q: %s %d verified %v left %q, started %d, reason %q", tc.argv, res.Outcome, res.ExitCode, res.Verified, res.Left, r.started, res.Reason)
			}
			if r.out.String() != tc.out || r.errOut.String() != tc.errOut {
				t.Errorf("%q printed %q and %q", tc.argv, r.out.String(), r.errOut.String())
			}
		}
	})
}

func TestEnvironmentIsExact(t *testing.T) {
	var all strings.Builder
	for b := 1; b < 256; b++ {
		all.WriteByte(byte(b))
	}
	values := []string{
		"", "plain", "it's", `"$HOME" \n \\ $(id)`, "two\nlines\n\n", "\n", ".\n.", "é\u0081\u0088日本", "\x81\x82\x83\x84\x85\x86\x87\x88",
		all.String(), "'\n'", "%s%b\\0101", " lead and trail ", "é\n\n",
	}
	eachShell(t, func(t *testing.T, sh []string) {
		for _, v := range values {
			r := command("printenv", "VALUE")
			r.Command.Env = []supervise.Var{{Name: "VALUE", Value: v}}
			res := r.on(t, sh)
			if res.Outcome != podexec.OK || r.out.String() != v+"\n" {
				t.Errorf("%q became %q (%s %s)", v, r.out.String(), res.Outcome, res.Reason)
			}
		}
	})
}

func TestTimeoutEndsTheGroup(t *testing.T) {
	eachShell(t, func(t *testing.T, sh []string) {
		for name, script := range map[string]string{
			"obeys":         "echo begun; sleep 61",
			"ignores TERM":  "trap '' TERM; echo begun; sleep 62; sleep 62",
			"forks":         "sleep 63 & sleep 63 & echo begun; wait",
			"leaves":        "(trap '' TERM; sleep 30) & echo begun; exec sleep 65",
			"makes a group": "echo begun; timeout 66 sleep 66; exit",
			"has jobs":      "set -m; sleep 67 & echo begun; wait",
		} {
			r := command("bash", "-c", script)
			r.Timeout = 500 * time.Millisecond
			start := time.Now()
			res := r.on(t, sh)
			if res.Outcome != podexec.Timeout || res.Left != supervise.LeftEnded || !res.Verified || r.out.String() != "begun\n" || time.Since(start) > 8*time.Second {
				t.Errorf("%s: %+v after %s, printed %q", name, res, time.Since(start), r.out.String())
			}
		}
	})
}
