package journal

import (
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// State is how far a run got.
type State string

// The states of a run.
const (
	Complete    State = "complete"    // it has an end, whatever its results
	Running     State = "running"     // its process is alive
	Interrupted State = "interrupted" // its process was killed
)

// Outcomes of the targets of a run that is still going on; see [podexec.Outcome] for
// the others.
const (
	OutcomeRunning podexec.Outcome = "running" // a start was tried
	OutcomeWaiting podexec.Outcome = "waiting"
)

// Run is what is remembered of a run.
//
// In an interrupted one, a target in which a start was tried and that did not land is
// lost, and one without such a note is not-started. That holds because each note is
// with the operating system before the attempt begins. It does not hold if lines are
// damaged, if writing failed, or if the machine was restarted since then (as far as
// that can be told, on Linux), which may have cost it the last notes: Damaged is set,
// and all of them are lost. A last line that is cut short is no damage.
type Run struct {
	ID        string
	StartedAt time.Time
	State     State
	Damaged   bool
	Header
	Total int   // targets, the skipped included
	Rows  []Row // one for each of Header.Targets
	End   End   // the zero value unless the state is complete, but for Counts
}

// Selected is a target of an earlier run.
type Selected struct {
	Target
	Row   Row
	Index int
}

// NotOK selects every target that did not end well, skipped pods included, and All
// selects all of them.
const (
	NotOK = "not-ok"
	All   = "all"
)

// Select returns the targets with the given outcome, such as "failed" or "skipped",
// or [NotOK] or [All] of them.
func (r *Run) Select(outcome string) []Selected {
	var list []Selected
	for i, row := range r.Rows {
		if outcome == All || string(row.Outcome) == outcome || outcome == NotOK && row.Outcome != podexec.OK {
			list = append(list, Selected{r.Targets[i], row, i})
		}
	}
	return list
}

// conclude says of the targets that did not land what is known of them.
func (r *Run) conclude(started, landed []bool) {
	counts := map[podexec.Outcome]int{}
	for i := range r.Rows {
		if !landed[i] {
			r.Rows[i] = r.open(i, started[i])
		}
		counts[r.Rows[i].Outcome]++
	}
	r.End.Counts = counts
}

func (r *Run) open(i int, started bool) Row {
	switch {
	case r.Targets[i].Skipped != "":
		return Row{Outcome: engine.Skipped, Reason: r.Targets[i].Skipped}
	case r.State == Running && started:
		return Row{Outcome: OutcomeRunning}
	case r.State == Running:
		return Row{Outcome: OutcomeWaiting}
	case started:
		return Row{Outcome: podexec.Lost, Reason: "the run broke off before this ended", Left: engine.LeftUnknown}
	case r.Damaged:
		return Row{Outcome: podexec.Lost, Reason: "the run's journal is incomplete: it may have started here", Left: engine.LeftUnknown}
	}
	return Row{Outcome: podexec.NotStarted, Reason: "the run broke off before it started here"}
}

// Kind is how a target compares with an earlier run.
type Kind string

// The kinds of changes.
const (
	Same    Kind = "same"    // the same fingerprint
	Changed Kind = "changed" // another one
	New     Kind = "new"     // it was no target then
	Gone    Kind = "gone"    // it is no target now
	Unclear Kind = "unclear" // one of the runs has no fingerprint of it
)

// Change is how one target compares. Before and After are nil where it is missing;
// their Output has the text, if it was kept.
type Change struct {
	Target        Target
	Kind          Kind
	Before, After *Row
}

// Compare holds rows against an earlier run, by context, namespace, pod and
// container: the targets of now in their order, and then those that are gone. Rows
// belong to targets by their index.
func (r *Run) Compare(targets []Target, rows []Row) []Change {
	before := make(map[string]int, len(r.Targets))
	for i, t := range r.Targets {
		before[t.Key()] = i
	}
	changes := make([]Change, 0, len(targets))
	for i, t := range targets {
		c := Change{Target: t, Kind: New, After: &rows[i]}
		if at, ok := before[t.Key()]; ok {
			delete(before, t.Key())
			c.Before = &r.Rows[at]
			c.Kind = compare(c.Before.Fingerprint, c.After.Fingerprint)
		}
		changes = append(changes, c)
	}
	for i, t := range r.Targets {
		if _, ok := before[t.Key()]; ok {
			changes = append(changes, Change{Target: t, Kind: Gone, Before: &r.Rows[i]})
		}
	}
	return changes
}

func compare(before, after string) Kind {
	switch {
	case before == "" || after == "":
		return Unclear
	case before == after:
		return Same
	}
	return Changed
}
