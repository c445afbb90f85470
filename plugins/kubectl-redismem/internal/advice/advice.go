// Package advice says what in a report is worth a look, with the figures that it
// rests on. It never proposes what changes data without asking.
package advice

import (
	"fmt"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Thresholds of the rules about servers and totals.
const (
	fullShare    = 0.9      // of maxmemory in use, that is nearly full
	fragmented   = 1.5      // resident over used memory
	worthwhile   = 0.05     // share of all bytes below which a group is not mentioned
	fragmentable = 64 << 20 // used memory below which the allocator's own needs look like fragmentation
	minBytes     = 1 << 20  // totals below which nothing about groups matters
	wideShare    = 0.2      // half-width over estimate, that is too uncertain
)

var order = []string{"act", "look", "note"}

// Of returns the advice on r, the most urgent first and then by what it may save.
func Of(r *report.Report) []report.Advice {
	var list []report.Advice
	for _, s := range r.Servers {
		if s.MaxMemory > 0 && float64(s.UsedMemory) >= fullShare*float64(s.MaxMemory) {
			list = append(list, report.Advice{ID: "nearly-full", Severity: "act", Title: s.Address + " is nearly full",
				Why:  fmt.Sprintf("it uses %s of maxmemory %s, policy %s", output.Bytes(s.UsedMemory), output.Bytes(s.MaxMemory), s.EvictionPolicy),
				What: "raise maxmemory, or free what the largest patterns hold"})
		}
	}
	if l := r.Accounting; l != nil && l.Fragmentation > fragmented && l.Used >= fragmentable {
		list = append(list, report.Advice{ID: "fragmentation", Severity: "look", Title: "memory is fragmented",
			Why:  fmt.Sprintf("resident memory %s is %.2f times the used %s", output.Bytes(l.Resident), l.Fragmentation, output.Bytes(l.Used)),
			What: "consider activedefrag, or a restart after a failover"})
	}
	if t := r.Totals; t.Bytes > 0 && float64(t.BytesError) > wideShare*float64(t.Bytes) {
		list = append(list, report.Advice{ID: "uncertain", Severity: "note", Title: "the estimate is rough",
			Why: fmt.Sprintf("%s ± %s", output.Bytes(t.Bytes), output.Bytes(t.BytesError)), What: "scan for longer, or without sampling"})
	}
	var alike []report.Advice
	for _, g := range r.Groups {
		if r.Totals.Bytes >= minBytes && float64(g.Bytes) >= worthwhile*float64(r.Totals.Bytes) {
			alike = append(alike, ofGroup(g)...)
		}
	}
	list = append(list, fold(alike, r.Groups)...)
	list = append(list, ofKeys(r)...)
	slices.SortStableFunc(list, func(a, b report.Advice) int {
		if x, y := slices.Index(order, a.Severity), slices.Index(order, b.Severity); x != y {
			return x - y
		}
		return int(max(min(b.Saves-a.Saves, 1), -1))
	})
	return list
}
