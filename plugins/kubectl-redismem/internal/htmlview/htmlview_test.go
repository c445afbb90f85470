package htmlview_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/htmlview"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

const hostile = "<script>alert(1)</script>\"'\x00\x1b[31m\xff\u202e\u2028<!--"

func sample() *report.Report {
	r := &report.Report{Source: report.Source{Name: "statefulset/redis", Namespace: "shop"}}
	r.Coverage = report.Coverage{Reasons: []string{"interrupted"}, KeysBefore: 900000, Seen: 700000, Started: time.Unix(1795000000, 0), Seconds: 3.2}
	r.Sampling = report.Sampling{Mode: report.Sizes, Sized: 40000}
	for i, family := range []string{"session:", "cart:", "user:", "cache:", "queue:", hostile} {
		for k := range 10 {
			bytes := int64(40_000_000) / int64((i+1)*(k+1))
			part := fmt.Sprintf("%c%d:*", 'a'+k, k)
			g := report.Group{Pattern: family + part, Path: []string{family, part}, Pinned: i+k == 0,
				Figures: report.Figures{Keys: bytes / 100, Bytes: bytes, Avg: 100, Max: 9000, P50: 90, P99: 700, Sized: 1000, BytesError: bytes / 50}}
			for b := range 9 {
				g.Sizes = append(g.Sizes, report.Bin{From: 32 << b, Count: int64(100 - (b-3)*(b-3)*2)})
			}
			g.Detail = &report.Details{Sampled: 100, NoTTL: int64(k * 10), Types: map[string]int64{"hash": 100}, TTL: []report.Bin{{From: 60, Count: 5}, {From: 3600, Count: 20}}}
			r.Totals.Keys, r.Totals.Bytes = r.Totals.Keys+g.Keys, r.Totals.Bytes+bytes
			r.Groups = append(r.Groups, g)
		}
	}
	r.Accounting = &report.Ledger{Used: 250 << 20, Items: []report.Item{{ID: "startup", Label: "Startup", Bytes: 1 << 20, Source: "MEMORY STATS startup.allocated"},
		{ID: "keys", Label: "Keys", Bytes: 252 << 20, Source: "MEMORY USAGE"}, {ID: "residual", Label: "Not explained", Bytes: -3 << 20, Source: "the rest"}}}
	r.Biggest = []report.Key{{Name: hostile, Bytes: 9000, Type: "hash", Elements: -1, TTL: -1}}
	r.Advice = []report.Advice{{Severity: "act", Pattern: "session:a0:*", Title: "Keys without a TTL", Why: "All keys stay.", What: "Set a TTL.", Saves: 1 << 20}}
	return r
}

func TestWriteIsSelfContainedAndSafe(t *testing.T) {
	var b bytes.Buffer
	if err := htmlview.Write(&b, sample()); err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("HTMLVIEW_OUT"); path != "" {
		os.WriteFile(path, b.Bytes(), 0o600)
	}
	text := b.String()
	for _, bad := range []string{"http://", "https://", "<script>alert", "\x00", "\x1b", "\u202e", "\u2028", "<!--", "ZgotmplZ"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	for _, want := range []string{"Partial.", "Estimated.", "statefulset/redis", "&lt;script&gt;alert(1)", `\x1b[31m\xff\u202e\u2028`, "MEMORY STATS startup.allocated", "session:a0:*"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestAnEmptyReportIsAPage(t *testing.T) {
	var b bytes.Buffer
	if err := htmlview.Write(&b, &report.Report{Coverage: report.Coverage{Complete: true}}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(b.String(), "</html>\n") && !strings.Contains(b.String(), "</html>") {
		t.Error("the page does not end")
	}
}

func TestWhatNobodyAskedIsNotZero(t *testing.T) {
	r := sample()
	for i := range r.Groups {
		r.Groups[i].P50, r.Groups[i].Detail = 0, nil
	}
	r.Groups[1].P99 = 0
	var b bytes.Buffer
	if err := htmlview.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, gone := range []string{`data-label="p50"`, `data-label="No TTL"`, `>0 B<`} {
		if strings.Contains(text, gone) {
			t.Errorf("the page has %s", gone)
		}
	}
	if !strings.Contains(text, `data-label="p99" data-v="-1">?`) {
		t.Error("a p99 that is not known is not shown as one")
	}
}
