// Package accounting explains a server's used memory: what it says of its own
// parts, the sizes of its keys, and the rest that nobody can explain.
//
// MEMORY USAGE of a key counts more than the server's own idea of a dataset, and
// less than the allocator gives out. What must not be counted twice, or would be
// missing, depends on the version; see layout.
package accounting

import (
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Unknown as Measured.Elements.
const Unknown = -1

// Measured is what a scan of the same server found. Sizes are bytes.
type Measured struct {
	Keys       int64
	Expiring   int64 // keys with a time to live, Unknown if not looked at
	Bytes      int64 // sum of MEMORY USAGE
	BytesError int64 // half-width of its 95 % interval, 0 if exact
	Elements   int64 // of hash tables and skip lists inside of keys, or Unknown
	Complete   bool  // all keys are in it

	// What some versions size wrongly, so that it has lines of its own. 0 if not
	// looked at: then it is part of what is not explained.
	Lists       int64 // keys that are lists
	SetElements int64 // those of Elements that are of sets
	Slack       Slack // of all keys; see SlackOf
	Streams     int64 // bytes of the indexes of streams that MEMORY USAGE of Redis 5 to 8.0 counts and that are not there
	Shared      int64 // keys with a small integer that the server keeps once for all: OBJECT REFCOUNT is 2147483647
}

// Explain makes a ledger of a server. A snapshot taken after the scan may be
// given too: if memory has moved meanwhile, a note says so. Without a snapshot
// that knows used memory there is nothing to explain, and the ledger is nil.
func Explain(s *Snapshot, m Measured, after ...*Snapshot) *report.Ledger {
	if s == nil {
		return nil
	}
	used, ok := s.Used()
	if !ok {
		return nil
	}
	b := &book{Snapshot: s, m: m, rest: used, ledger: report.Ledger{Used: used, Notes: append([]string(nil), s.Notes...)}}
	b.overheads()
	b.commands()
	b.tables()
	b.keys()
	b.rounding()
	b.slack()
	b.excess()
	b.add(Residual, "not explained", b.rest, "the rest of used memory")
	b.ledger.Residual = b.ledger.Items[len(b.ledger.Items)-1].Bytes
	b.tell()
	b.ledger.Resident, _ = s.figure("used_memory_rss")
	if b.ledger.Resident > 0 && used > 0 {
		b.ledger.Fragmentation = float64(b.ledger.Resident) / float64(used)
	}
	b.movement(after)
	return &b.ledger
}

// book is a ledger being written.
type book struct {
	*Snapshot
	m      Measured
	rest   int64 // of used memory, not explained yet
	ledger report.Ledger
}

func (b *book) add(id, label string, bytes int64, source string) {
	b.rest -= bytes
	b.ledger.Items = append(b.ledger.Items, report.Item{ID: id, Label: label, Bytes: bytes, Source: source})
}

func (b *book) note(format string, args ...any) {
	b.ledger.Notes = append(b.ledger.Notes, fmt.Sprintf(format, args...))
}

func (b *book) keys() {
	b.add(Keys, "keys", b.m.Bytes, "sum of MEMORY USAGE")
	if b.m.BytesError > 0 {
		b.note("the bytes of keys are an estimate, give or take %d, and so is what is not explained", b.m.BytesError)
	}
	if !b.m.Complete {
		b.note("not all keys were seen: those that were not are part of what is not explained")
	}
}

// movement says if the figures of before and after the scan differ too much for
// one account.
func (b *book) movement(after []*Snapshot) {
	for _, s := range after {
		if s == nil {
			continue
		}
		now, ok := s.Used()
		if !ok || b.ledger.Used == 0 {
			continue
		}
		// The scan's own commands may be the first of their kind.
		own := (s.figures[histograms] - b.figures[histograms]) * histogram
		if moved := float64(now-own-b.ledger.Used) / float64(b.ledger.Used); moved > 0.01 || moved < -0.01 {
			b.note("used memory went from %d to %d bytes (%+.1f %%) while keys were sized, so what is not explained is partly that", b.ledger.Used, now, 100*moved)
		}
	}
}
