package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// outcomes reads "ok failed:7 not-started:127 lost".
func outcomes(t *testing.T, text string) []engine.Result {
	t.Helper()
	var results []engine.Result
	for field := range strings.FieldsSeq(text) {
		name, digits, hasCode := strings.Cut(field, ":")
		r := engine.Result{Outcome: podexec.Outcome(name), ExitCode: engine.Unknown}
		if r.Outcome == podexec.OK {
			r.ExitCode = 0
		}
		if hasCode {
			code, err := strconv.Atoi(digits)
			if err != nil {
				t.Fatal(err)
			}
			r.ExitCode = code
		}
		results = append(results, r)
	}
	return results
}

func TestExitCode(t *testing.T) {
	for _, tc := range []struct {
		results               string
		any, max, first, none int
	}{
		// A single target passes its code through, as far as a process can end with it.
		{"ok", 0, 0, 0, 0},
		{"failed:7", 7, 7, 7, 0},
		{"failed:255", 255, 255, 255, 0},
		{"failed:256", 1, 1, 1, 0},
		{"failed:3221225786", 1, 1, 1, 0},
		{"failed:-1073741510", 1, 1, 1, 0},
		{"failed", 1, 1, 1, 0},
		{"timeout", 124, 124, 124, 0},
		{"lost", 4, 4, 4, 0},
		{"lost:0", 4, 4, 4, 0}, // the output could not be written
		{"denied", 4, 4, 4, 0},
		{"not-started", 1, 1, 1, 0},
		{"not-started:127", 127, 127, 127, 0},
		// Several.
		{"ok ok ok", 0, 0, 0, 0},
		{"ok failed:7", 1, 7, 7, 0},
		{"failed:7 failed:9", 1, 9, 7, 0},
		{"ok failed:9 failed:7", 1, 9, 9, 0},
		{"ok not-started:127", 1, 127, 127, 0},
		{"ok not-started", 1, 1, 1, 0}, // such as after --max-failures
		{"failed:7 lost ok", 4, 7, 7, 0},
		{"lost failed:7", 4, 7, 4, 0},
		{"failed:2 lost", 4, 4, 2, 0},
		{"ok timeout", 4, 124, 124, 0},
		{"failed:200 timeout", 4, 200, 200, 0},
		{"denied denied", 4, 4, 4, 0},
		{"failed:256 ok", 1, 1, 1, 0},
		// Skipped pods do not count, unless there is nothing else.
		{"skipped", 3, 3, 3, 3},
		{"skipped skipped", 3, 3, 3, 3},
		{"ok ok skipped", 0, 0, 0, 0},
		{"failed:7 skipped", 1, 7, 7, 0},
		{"skipped failed:3", 1, 3, 3, 0}, // any: 3 would say that nothing matched
	} {
		for policy, want := range map[exitPolicy]int{exitAny: tc.any, exitMax: tc.max, exitFirst: tc.first, exitNone: tc.none} {
			if got := exitCode(outcomes(t, tc.results), policy, false); got != want {
				t.Errorf("%s, policy %s: exit code %d, want %d", tc.results, policy, got, want)
			}
			if got := exitCode(outcomes(t, tc.results), policy, true); got != 130 {
				t.Errorf("%s, policy %s, interrupted: exit code %d, want 130", tc.results, policy, got)
			}
		}
	}
}

func TestParseExitPolicy(t *testing.T) {
	for _, p := range exitPolicies {
		if got, err := parseExitPolicy(string(p)); got != p || err != nil {
			t.Errorf("policy %q read as %q, error %v", p, got, err)
		}
	}
	if _, err := parseExitPolicy("most"); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", "most")) {
		t.Errorf("error %v", err)
	}
}
