package main

import (
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

func TestExitCode(t *testing.T) {
	for _, tc := range []struct {
		outcomes    string // comma separated, failed with code 7
		code        int    // the remote code of a single target
		interrupted bool
		want        int
	}{
		{outcomes: "ok", want: 0},
		{outcomes: "failed", code: 7, want: 7},
		{outcomes: "failed", code: 255, want: 255},
		{outcomes: "failed", code: 256, want: 1},
		{outcomes: "failed", code: 3221225786, want: 1},
		{outcomes: "failed", code: -1073741510, want: 1},
		{outcomes: "failed", code: engine.Unknown, want: 1},
		{outcomes: "timeout", code: engine.Unknown, want: 124},
		{outcomes: "lost", code: engine.Unknown, want: 4},
		{outcomes: "lost", code: 0, want: 4}, // the output could not be written
		{outcomes: "denied", code: engine.Unknown, want: 4},
		{outcomes: "not-started", code: engine.Unknown, want: 1},
		{outcomes: "not-started", code: 127, want: 127},
		{outcomes: "ok", interrupted: true, want: 130},
		{outcomes: "ok,ok,ok", want: 0},
		{outcomes: "ok,failed", code: 7, want: 1},
		{outcomes: "ok,not-started", code: 127, want: 1},
		{outcomes: "failed,lost,ok", code: 7, want: 4},
		{outcomes: "ok,timeout", want: 4},
		{outcomes: "denied,denied", want: 4},
		{outcomes: "ok,lost", interrupted: true, want: 130},
		{outcomes: "skipped,skipped", want: 3},
		{outcomes: "ok,ok,skipped", want: 0},
		{outcomes: "failed,skipped", code: 7, want: 1},
		{outcomes: "failed,skipped", code: 3, want: 1}, // 3 would say that nothing matched
		{outcomes: "skipped", want: 3},
	} {
		var results []engine.Result
		for _, o := range strings.Split(tc.outcomes, ",") {
			results = append(results, engine.Result{Outcome: podexec.Outcome(o), ExitCode: tc.code})
		}
		if got := exitCode(results, tc.interrupted); got != tc.want {
			t.Errorf("%s, code %d, interrupted %v: exit code %d, want %d", tc.outcomes, tc.code, tc.interrupted, got, tc.want)
		}
	}
}
