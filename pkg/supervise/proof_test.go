package supervise_test

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

// scripted is a server that sends whatever the test likes. It knows the nonce, as the
// supervisor does.
type scripted func(nonce string, req podexec.Request) podexec.Result

func (s scripted) Run(_ context.Context, req podexec.Request) podexec.Result {
	var payload strings.Builder
	buf := make([]byte, 16<<10)
	for !strings.Contains(payload.String(), "\nkx_env() {") {
		n, err := req.Stdin.Read(buf)
		if err != nil {
			break
		}
		payload.Write(buf[:n])
	}
	return s(regexp.MustCompile(`kx_n=([0-9a-f]{32})`).FindStringSubmatch(payload.String())[1], req)
}

func ended(o podexec.Outcome, code int) podexec.Result {
	return podexec.Result{Outcome: o, ExitCode: code, Requests: 1, StartedAt: time.Now()}
}

// send writes text in pieces of some size.
func send(w io.Writer, text string, size int) {
	for len(text) > 0 {
		n := min(size, len(text))
		w.Write([]byte(text[:n])) //nolint:errcheck // it never fails
		text = text[n:]
	}
}

// TestNoCutIsASuccess cuts both streams after each byte, and lets the server report
// success, failure or nothing.
func TestNoCutIsASuccess(t *testing.T) {
	const out, errOut = "some\036 output\n", "talk\036"
	for _, server := range []podexec.Result{ended(podexec.OK, 0), ended(podexec.Failed, 137), ended(podexec.Lost, -1)} {
		for cutOut := range 55 {
			for cutErr := range 95 {
				r := command("tool")
				var complete, begun bool
				exec := scripted(func(nonce string, req podexec.Request) podexec.Result {
					one := out + "\036" + nonce + " E 3\n"
					two := "\036" + nonce + " S 7 7 99\n" + errOut + "\036" + nonce + " E 3\n"
					complete = cutOut >= len(one) && cutErr >= len(two)
					begun = cutErr > len("\036"+nonce+" S 7 7 99")
					send(req.Stdout, one[:min(cutOut, len(one))], 1+cutErr%50)
					send(req.Stderr, two[:min(cutErr, len(two))], 1+cutOut%50)
					return server
				})
				res := supervise.New(exec, supervise.Options{}).Run(t.Context(), r.Request)
				where := fmt.Sprintf("server %s, cut at %d and %d", server.Outcome, cutOut, cutErr)
				switch {
				case complete && (res.Outcome != podexec.Failed || res.ExitCode != 3 || !res.Verified || r.out.String() != out || r.errOut.String() != errOut):
					t.Fatalf("%s: %+v, printed %q and %q", where, res, r.out.String(), r.errOut.String())
				case !complete && (res.Verified || res.Outcome == podexec.OK):
					t.Fatalf("%s: %+v", where, res)
				case begun != (r.started == 1):
					t.Fatalf("%s: started %d times", where, r.started)
				case cutOut < len(out) && r.out.String() != out[:cutOut], !strings.HasPrefix(errOut, r.errOut.String()) && !strings.HasPrefix(r.errOut.String(), errOut):
					t.Fatalf("%s: printed %q and %q", where, r.out.String(), r.errOut.String())
				}
			}
		}
	}
}

// TestOnlyThisRunsWordCounts sends what looks like records, in pieces of every size.
func TestOnlyThisRunsWordCounts(t *testing.T) {
	for size := 1; size < 90; size++ {
		r := command("tool")
		var want string
		exec := scripted(func(nonce string, req podexec.Request) podexec.Result {
			other := strings.Repeat("0", 32)
			want = "\036\036\036" + nonce[:31] + "\036" + other + " E 0\n\036" + nonce + "\n\036" + nonce + " " + strings.Repeat("x", 300) + "\n\036"
			send(req.Stderr, "\036"+nonce+" S 7 7 99\n\036"+nonce+" E 0\n", size)
			send(req.Stdout, want+"\036"+nonce+" E 0\nlate", size)
			return ended(podexec.OK, 0)
		})
		res := supervise.New(exec, supervise.Options{}).Run(t.Context(), r.Request)
		if res.Outcome != podexec.OK || !res.Verified || r.out.String() != want {
			t.Fatalf("size %d: %+v, printed %q, want %q", size, res, r.out.String(), want)
		}
	}
}

func TestServersThatLieAreNotBelieved(t *testing.T) {
	for name, tc := range map[string]struct {
		records string // on stderr, after the nonce
		server  podexec.Result
		outcome podexec.Outcome
		code    int
		reason  string
	}{
		"success without proof":  {"S 7 7 99", ended(podexec.OK, 0), podexec.Lost, -1, "did not confirm"},
		"failure without proof":  {"S 7 7 99", ended(podexec.Failed, 137), podexec.Failed, 137, "the supervisor did not survive"},
		"success without a word": {"", ended(podexec.OK, 0), podexec.Lost, -1, "instead of running the supervisor"},
		"refused":                {"R 127", ended(podexec.OK, 0), podexec.NotStarted, 127, `"tool" was not found`},
		"half a proof":           {"E 0", ended(podexec.OK, 0), podexec.Lost, -1, "may be incomplete"},
	} {
		exec := scripted(func(nonce string, req podexec.Request) podexec.Result {
			if tc.records != "" {
				send(req.Stderr, "\036"+nonce+" "+tc.records+"\n", 100)
			}
			return tc.server
		})
		res := supervise.New(exec, supervise.Options{}).Run(t.Context(), command("tool").Request)
		if res.Outcome != tc.outcome || res.ExitCode != tc.code || res.Verified || !strings.Contains(res.Reason, tc.reason) {
			t.Errorf("%s: %+v", name, res)
		}
	}
}
