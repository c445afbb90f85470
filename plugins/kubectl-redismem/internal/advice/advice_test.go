package advice_test

import (
	"testing"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/advice"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func TestRules(t *testing.T) {
	group := func(avg, noTTL int64) *report.Report {
		f := report.Figures{Keys: 1 << 20, Sized: 1, Bytes: 1 << 30, Avg: avg}
		return &report.Report{Totals: f, Groups: []report.Group{{Pattern: "a:*", Figures: f, Detail: &report.Details{Sampled: 100, NoTTL: noTTL}}}}
	}
	server := func(used int64) *report.Report {
		return &report.Report{Servers: []report.Server{{UsedMemory: used, MaxMemory: 100}}}
	}
	ledger := func(f float64) *report.Report {
		return &report.Report{Accounting: &report.Ledger{Used: 1 << 30, Fragmentation: f}}
	}
	rough := func(e int64) *report.Report { return &report.Report{Totals: report.Figures{Bytes: 100, BytesError: e}} }
	for id, tc := range map[string]struct{ fires, not *report.Report }{
		"no-ttl": {group(1000, 90), group(1000, 89)}, "tiny-keys": {group(99, 0), group(100, 0)},
		"nearly-full": {server(90), server(89)}, "fragmentation": {ledger(1.6), ledger(1.5)}, "uncertain": {rough(21), rough(20)},
	} {
		if got := advice.Of(tc.fires); len(got) != 1 || got[0].ID != id || got[0].Why == "" || got[0].What == "" {
			t.Errorf("%s does not fire: %+v", id, got)
		}
		if got := advice.Of(tc.not); len(got) != 0 {
			t.Errorf("%s fires below its threshold: %+v", id, got)
		}
	}
}
