package analysis

import (
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// TestRepeatsAreTakenOut: groups still add up, and their errors cover what a group
// may have had of them.
func TestRepeatsAreTakenOut(t *testing.T) {
	out := []report.Figures{{Keys: 900, Bytes: 90_000}, {Keys: 101, Bytes: 1010}, {Keys: 1, Bytes: 7}}
	m := measure{mode: report.Full, repeats: 100}
	m.whole.Keys = 1002
	m.takeOut(out)
	total := m.total(out, nil)
	if total.Keys != 902 || total.KeysError == 0 || total.BytesError == 0 {
		t.Errorf("total %+v, want 902 keys", total)
	}
	if d := out[0].Keys - 810; d < -1 || d > 1 || out[0].KeysError < 18 {
		t.Errorf("the large group is %+v", out[0])
	}
	if out[2].Keys+out[2].KeysError < 1 {
		t.Errorf("a single key is %+v", out[2])
	}
}
