package podexec

import (
	"encoding/json"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	unknownCode = -1
	// maxStatus bounds the final status, which is a few hundred bytes long.
	maxStatus = 64 << 10

	nonZeroExitCode = metav1.StatusReason("NonZeroExitCode")
	exitCodeCause   = metav1.CauseType("ExitCode")
)

// status is the final report of the server, which may come in pieces.
type status struct {
	raw   []byte
	known *metav1.Status
}

// add takes a piece and says whether the status is complete.
func (s *status) add(p []byte) bool {
	if s.known != nil || len(s.raw)+len(p) > maxStatus {
		return s.known != nil
	}
	s.raw = append(s.raw, p...)
	var st metav1.Status
	if json.Unmarshal(s.raw, &st) == nil && st.Status != "" {
		s.known = &st
	}
	return s.known != nil
}

// exitCode finds the exit code in a status. The API has it as decimal text;
// Windows codes exceed 32 bits unsigned or come out negative.
func exitCode(st *metav1.Status) (int, bool) {
	if st.Status == metav1.StatusSuccess {
		return 0, true
	}
	if st.Reason != nonZeroExitCode || st.Details == nil {
		return unknownCode, false
	}
	for _, c := range st.Details.Causes {
		if c.Type != exitCodeCause {
			continue
		}
		if n, err := strconv.ParseInt(c.Message, 10, 64); err == nil && n != 0 {
			return int(n), true
		}
	}
	return unknownCode, false
}
