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

func TestRulesAboutDetails(t *testing.T) {
	group := func(p50 int64, d report.Details) *report.Report {
		d.Sampled = 100
		f := report.Figures{Keys: 1 << 20, Sized: 1, Bytes: 1 << 30, Avg: 1000, P50: p50}
		return &report.Report{Totals: f, Groups: []report.Group{{Pattern: "a:*", Figures: f, Detail: &d}}}
	}
	idle := func(n int64) report.Details {
		return report.Details{NoTTL: 100, Idle: []report.Bin{{From: 10, Count: 100 - n}, {From: 7 * 86400, Count: n}}}
	}
	encoded := func(name string, n int64) report.Details { return report.Details{Encodings: map[string]int64{name: n}} }
	for name, tc := range map[string]struct {
		report *report.Report
		want   string
	}{
		"unused":       {group(900, idle(50)), "unused"},
		"used":         {group(900, idle(49)), "no-ttl"},
		"small hashes": {group(4<<10, encoded("hash/hashtable", 50)), "encoding-limit"},
		"small zsets":  {group(100, encoded("zset/skiplist", 100)), "encoding-limit"},
		"big hashes":   {group(4<<10+1, encoded("hash/hashtable", 100)), ""},
		"few hashes":   {group(900, encoded("hash/hashtable", 49)), ""},
		"compact":      {group(900, encoded("hash/listpack", 100)), ""},
		"size unknown": {group(0, encoded("hash/hashtable", 100)), ""},
	} {
		got := advice.Of(tc.report)
		if tc.want == "" && len(got) > 0 || tc.want != "" && (len(got) != 1 || got[0].ID != tc.want) {
			t.Errorf("%s: %+v, want %q", name, got, tc.want)
		}
	}
}

func TestRulesAboutKeys(t *testing.T) {
	for name, tc := range map[string]struct {
		key  report.Key
		all  int64
		want string
	}{
		"dominant":       {report.Key{Bytes: 1 << 20, Elements: 1 << 20}, 4 << 20, "dominant-key"},
		"not dominant":   {report.Key{Bytes: 1<<20 - 1}, 4 << 20, ""},
		"of little":      {report.Key{Bytes: 100}, 100, ""},
		"big collection": {report.Key{Bytes: 1 << 20, Elements: 100_000, Type: "list"}, 1 << 40, "big-collection"},
		"collection":     {report.Key{Bytes: 1 << 30, Elements: 99_999, Type: "list"}, 1 << 40, ""},
		"huge string":    {report.Key{Bytes: 10 << 20, Elements: -1, Type: "string"}, 1 << 40, "huge-string"},
		"string":         {report.Key{Bytes: 10<<20 - 1, Elements: -1, Type: "string"}, 1 << 40, ""},
	} {
		got := advice.Of(&report.Report{Totals: report.Figures{Bytes: tc.all}, Biggest: []report.Key{tc.key}})
		if tc.want == "" && len(got) > 0 || tc.want != "" && (len(got) != 1 || got[0].ID != tc.want) {
			t.Errorf("%s: %+v, want %q", name, got, tc.want)
		}
	}
}

// TestAdviceThatIsTheSame is given once, and names the largest patterns.
func TestAdviceThatIsTheSame(t *testing.T) {
	r := &report.Report{}
	for i := range 7 {
		r.Groups = append(r.Groups, report.Group{Pattern: string(rune('a'+i)) + ":*", Figures: report.Figures{Keys: 1000, Bytes: int64(20-i) << 20, Avg: 5000, Sized: 1000},
			Detail: &report.Details{Sampled: 100, NoTTL: 100}})
		r.Totals.Bytes += r.Groups[i].Bytes
	}
	list := advice.Of(r)
	if len(list) != 1 || list[0].ID != "no-ttl" || list[0].Title != "keys of 7 patterns never expire" ||
		list[0].Why != "a:* (20 MiB), b:* (19 MiB), c:* (18 MiB), d:* (17 MiB), e:* (16 MiB) and 2 more" {
		t.Errorf("%+v", list)
	}
}
