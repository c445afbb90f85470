package report

import (
	"math"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/sink"
)

// row is one result with what its target wrote.
type row struct {
	index       int
	result      engine.Result
	out         *sink.Output
	fingerprint string
}

// field is a name and a value of a row: a string, int, bool, float64, *text, or
// nil for what is not known.
type field struct {
	name  string
	value any
}

// fields are the row as the documents have it. Their names and meaning are fixed:
//
//   - outcome is ok, failed, timeout, lost, not-started, denied or skipped
//   - exitCode is the remote command's, null when nobody knows it
//   - the encodings are "utf-8", or "base64" for output that is not valid UTF-8
//   - truncated says that stdout or stderr is only the beginning
//   - verified says that the remote side itself proved that the command ran to its
//     end; without such a proof the outcome is the API server's word
//   - startedAt is null if nothing was tried
//   - left is what is known of the processes of a command that was stopped or lost:
//     "" (nothing is left), ended, ending, unknown
//   - fingerprint is there only if outputs were compared
func (r row) fields(stdout, stderr *text) []field {
	res := r.result
	t := res.Target
	var code, at any
	seconds := 0.0
	if c, ok := r.code(); ok {
		code = c
	}
	if res.Ran() {
		at = res.StartedAt.UTC().Format(time.RFC3339Nano)
		seconds = math.Round(res.Duration.Seconds()*1000) / 1000
	}
	fields := []field{
		{"context", t.Context}, {"namespace", t.Namespace}, {"pod", t.Pod}, {"uid", string(t.UID)},
		{"node", t.Node}, {"container", t.Container},
		{"outcome", string(res.Outcome)}, {"exitCode", code},
		{"stdout", stdout}, {"stderr", stderr},
		{"stdoutEncoding", stdout.encoding()}, {"stderrEncoding", stderr.encoding()},
		{"truncated", r.out.Truncated()}, {"verified", res.Verified},
		{"startedAt", at}, {"durationSeconds", seconds}, {"reason", res.Why()},
		{"workload", t.Workload}, {"left", string(res.Left)}, {"attempts", res.Attempts},
	}
	if r.fingerprint != "" {
		fields = append(fields, field{"fingerprint", r.fingerprint})
	}
	return fields
}

// code is the remote command's exit code. The 127 of one that did not start is a
// shell's word for it, no command's.
func (r row) code() (code int, known bool) {
	return r.result.ExitCode, r.result.ExitCode != engine.Unknown && r.result.Outcome != podexec.NotStarted
}

// document looks at both streams and returns the row's fields.
func (r row) document() ([]field, error) {
	stdout, err := inspect(r.out.Stdout)
	if err != nil {
		return nil, err
	}
	stderr, err := inspect(r.out.Stderr)
	if err != nil {
		return nil, err
	}
	return r.fields(stdout, stderr), nil
}
