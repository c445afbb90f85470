// Package diff compares two reports about the same data: which patterns grew, which
// are new or gone, and when memory will be full at this rate.
//
// Rows and Other always add up to the change of the totals.
package diff

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Kind is that of a [Diff] in machine formats.
const Kind = "MemoryDiff"

// States of a row.
const (
	Both     = "both"
	New      = "new"
	Vanished = "vanished"
	// Unknown rows are in one report only, while the other has keys in patterns that
	// it does not name, or was not complete: nobody can say whether they are new.
	Unknown = "unknown"
)

// Diff is the difference of two reports. Sizes are bytes.
type Diff struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Before     Side         `json:"before"`
	After      Side         `json:"after"`
	Seconds    float64      `json:"seconds"` // from the start of one to the start of the other
	Totals     Change       `json:"totals"`
	Used       Change       `json:"usedMemory"` // of all servers, its keys are not set
	Rows       []Row        `json:"rows"`       // the largest change first
	Other      Change       `json:"other"`      // of what the reports do not name
	Projection []Projection `json:"projection,omitempty"`
	Notes      []string     `json:"notes,omitempty"`
}

// Side is one of the reports.
type Side struct {
	Source   string    `json:"source"`
	Started  time.Time `json:"startedAt"`
	Complete bool      `json:"complete"`
	Mode     string    `json:"samplingMode"`
}

// Row is a pattern's change.
type Row struct {
	Pattern string `json:"pattern"`
	State   string `json:"state"`
	// Includes are finer patterns that only one of the reports tells apart; they are
	// part of this row.
	Includes []string `json:"includes,omitempty"`
	Change
}

// Change is a figure in both reports.
type Change struct {
	KeysBefore  int64   `json:"keysBefore"`
	KeysAfter   int64   `json:"keysAfter"`
	KeysDelta   int64   `json:"keysDelta"`
	BytesBefore int64   `json:"bytesBefore"`
	BytesAfter  int64   `json:"bytesAfter"`
	BytesDelta  int64   `json:"bytesDelta"`
	BytesError  int64   `json:"bytesError"` // half-width of the 95 % interval of bytesDelta; 0 if both are exact
	BytesPerDay float64 `json:"bytesPerDay"`
}

// Significant reports whether the change is more than the figures may be off.
func (c Change) Significant() bool {
	return c.BytesDelta != 0 && (c.BytesDelta > c.BytesError || -c.BytesDelta > c.BytesError)
}

// Projection says when a server's memory will be full.
type Projection struct {
	Server      string  `json:"server"`
	Used        int64   `json:"usedMemoryBytes"`
	Max         int64   `json:"maxMemoryBytes"`
	BytesPerDay float64 `json:"bytesPerDay"`
	Days        float64 `json:"days"` // -1: never at this rate
}

// Errors of [Of] that users can act on.
var (
	ErrOrder = errors.New("the first report is not older than the second")
	ErrClose = errors.New("the reports are less than a second apart")
)

const day = 86400

// Of compares two reports.
func Of(before, after *report.Report) (*Diff, error) {
	seconds := after.Coverage.Started.Sub(before.Coverage.Started).Seconds()
	switch {
	case seconds < 0:
		return nil, ErrOrder
	case seconds < 1:
		return nil, ErrClose
	}
	d := &Diff{APIVersion: report.APIVersion, Kind: Kind, Before: side(before), After: side(after), Seconds: seconds}
	d.Rows = rows(before, after)
	for i := range d.Rows {
		finish(&d.Rows[i].Change, seconds)
	}
	slices.SortStableFunc(d.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(abs(b.BytesDelta), abs(a.BytesDelta)), cmp.Compare(b.BytesAfter, a.BytesAfter), cmp.Compare(a.Pattern, b.Pattern))
	})
	d.Totals, d.Other = change(before.Totals, after.Totals), change(before.Other.Figures, after.Other.Figures)
	finish(&d.Totals, seconds)
	finish(&d.Other, seconds)
	d.project(before, after)
	d.note(before, after)
	return d, nil
}

func side(r *report.Report) Side {
	return Side{Source: r.Source.Name, Started: r.Coverage.Started, Complete: r.Coverage.Complete, Mode: r.Sampling.Mode}
}

func change(before, after report.Figures) Change {
	return Change{KeysBefore: before.Keys, KeysAfter: after.Keys, BytesBefore: before.Bytes, BytesAfter: after.Bytes,
		BytesError: int64(math.Ceil(math.Hypot(float64(before.BytesError), float64(after.BytesError))))}
}

// Add adds the change of other keys.
func (c *Change) Add(o Change) {
	c.KeysBefore += o.KeysBefore
	c.KeysAfter += o.KeysAfter
	c.KeysDelta += o.KeysDelta
	c.BytesBefore += o.BytesBefore
	c.BytesAfter += o.BytesAfter
	c.BytesDelta += o.BytesDelta
	c.BytesPerDay += o.BytesPerDay
	c.BytesError = int64(math.Ceil(math.Hypot(float64(c.BytesError), float64(o.BytesError))))
}

func finish(c *Change, seconds float64) {
	c.KeysDelta, c.BytesDelta = c.KeysAfter-c.KeysBefore, c.BytesAfter-c.BytesBefore
	c.BytesPerDay = float64(c.BytesDelta) / seconds * day
}

func abs(n int64) int64 { return max(n, -n) }

// name tells a pinned group from a found one with the same pattern.
type name struct {
	pattern string
	pinned  bool
}

// rows match groups by their patterns. What only one report has is counted with the
// one pattern of the other report that covers it, if there is exactly one.
func rows(before, after *report.Report) []Row {
	index := map[name]int{}
	var list []Row
	for _, g := range before.Groups {
		index[name{g.Pattern, g.Pinned}] = len(list)
		list = append(list, Row{Pattern: g.Pattern, State: Vanished, Change: change(g.Figures, report.Figures{})})
	}
	old := len(list)
	for _, g := range after.Groups {
		if i, ok := index[name{g.Pattern, g.Pinned}]; ok {
			list[i].Change.Add(change(report.Figures{}, g.Figures))
			list[i].State = Both
			continue
		}
		list = append(list, Row{Pattern: g.Pattern, State: New, Change: change(report.Figures{}, g.Figures)})
	}
	vague := [2]bool{!whole(before), !whole(after)}
	gone := make([]bool, len(list))
	for i := range list {
		row := &list[i]
		if row.State == Both {
			continue
		}
		in := before // where it could have been
		if i < old {
			in = after
		}
		host, several := covers(in, row.Pattern)
		switch {
		case several || row.State == New && vague[0] || row.State == Vanished && vague[1]:
			row.State = Unknown
		case host != nil:
			h := rowOf(list, *host, old, i < old)
			if h < 0 || h == i || gone[h] {
				row.State = Unknown
				continue
			}
			list[h].Change.Add(row.Change)
			list[h].Includes = append(list[h].Includes, row.Pattern)
			list[h].State = Both
			gone[i] = true
		}
	}
	kept := list[:0]
	for i, row := range list {
		if !gone[i] {
			kept = append(kept, row)
		}
	}
	return kept
}

// rowOf finds the row of a group of the report before or, from old on, after.
func rowOf(list []Row, host name, old int, inAfter bool) int {
	for i, row := range list {
		if row.Pattern == host.pattern && (inAfter && (i >= old || row.State == Both) || !inAfter && i < old) {
			return i
		}
	}
	return -1
}

// whole reports whether what a report does not name was not there.
func whole(r *report.Report) bool {
	return r.Coverage.Complete && r.Other.Keys == 0 && r.Coverage.Unreadable == 0
}

// covers finds the group of r that the keys of a pattern would be in: its glob
// matches the pattern's text. A group that begins with * covers too much to say.
func covers(r *report.Report, text string) (host *name, several bool) {
	for _, g := range r.Groups {
		if g.Pattern == text || g.Pattern == "" || !pattern.NewGlob(g.Pattern).Match([]byte(text)) {
			continue
		}
		if g.Pattern[0] == '*' || host != nil {
			return nil, true
		}
		host = &name{g.Pattern, g.Pinned}
	}
	return host, false
}

// project says when memory will be full.
func (d *Diff) project(before, after *report.Report) {
	was := map[string]report.Server{}
	for _, s := range before.Servers {
		was[s.Address] = s
		d.Used.BytesBefore += s.UsedMemory
	}
	for _, s := range after.Servers {
		d.Used.BytesAfter += s.UsedMemory
		b, ok := was[s.Address]
		if !ok || s.MaxMemory <= 0 || b.UsedMemory <= 0 || s.UsedMemory <= 0 {
			continue
		}
		p := Projection{Server: s.Address, Used: s.UsedMemory, Max: s.MaxMemory, Days: -1,
			BytesPerDay: float64(s.UsedMemory-b.UsedMemory) / d.Seconds * day}
		if p.BytesPerDay > 0 {
			p.Days = max(0, float64(s.MaxMemory-s.UsedMemory)/p.BytesPerDay)
		}
		d.Projection = append(d.Projection, p)
	}
	finish(&d.Used, d.Seconds)
}

// note says what weakens the comparison.
func (d *Diff) note(before, after *report.Report) {
	for i, r := range []*report.Report{before, after} {
		which := [2]string{"first", "second"}[i]
		if !r.Coverage.Complete && r.Sampling.Mode != report.Keys {
			d.Notes = append(d.Notes, fmt.Sprintf("the %s report is partial, about %.1f%% of the keys", which, r.Coverage.Share()*100))
		}
		if r.Sampling.Mode != report.Full {
			d.Notes = append(d.Notes, fmt.Sprintf("the %s report is an estimate; changes within its error are marked ~", which))
		}
	}
	if before.Source != after.Source {
		d.Notes = append(d.Notes, fmt.Sprintf("the reports are about different places: %q and %q", before.Source.Name, after.Source.Name))
	}
	runs := map[string]string{}
	for _, s := range before.Servers {
		runs[s.Address] = s.RunID
	}
	for _, s := range after.Servers {
		if id, ok := runs[s.Address]; !ok {
			d.Notes = append(d.Notes, s.Address+" is in the second report only")
		} else if id != s.RunID && id != "" && s.RunID != "" {
			d.Notes = append(d.Notes, s.Address+" was restarted in between")
		}
	}
	if len(d.Projection) == 0 {
		d.Notes = append(d.Notes, "no projection: no server that is in both reports has a maxmemory")
	}
}
