package diff_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/diff"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// made builds a report: pattern and bytes in turn.
func made(at time.Time, groups ...any) *report.Report {
	r := &report.Report{Source: report.Source{Name: "redis"}, Sampling: report.Sampling{Mode: report.Full},
		Coverage: report.Coverage{Complete: true, Started: at}, Servers: []report.Server{{Address: "a", RunID: "1"}}}
	for i := 0; i < len(groups); i += 2 {
		f := report.Figures{Keys: 1, Bytes: int64(groups[i+1].(int))}
		r.Groups = append(r.Groups, report.Group{Pattern: groups[i].(string), Figures: f})
		r.Totals.Keys++
		r.Totals.Bytes += f.Bytes
	}
	return r
}

func compared(t *testing.T, before, after *report.Report) *diff.Diff {
	t.Helper()
	d, err := diff.Of(before, after)
	if err != nil {
		t.Fatal(err)
	}
	bytes, keys := d.Other.BytesDelta, d.Other.KeysDelta
	for _, r := range d.Rows {
		bytes, keys = bytes+r.BytesDelta, keys+r.KeysDelta
	}
	if bytes != d.Totals.BytesDelta || keys != d.Totals.KeysDelta {
		t.Errorf("rows add up to %d bytes and %d keys, the totals changed by %d and %d", bytes, keys, d.Totals.BytesDelta, d.Totals.KeysDelta)
	}
	return d
}

func TestStates(t *testing.T) {
	d := compared(t, made(noon, "a:*", 100, "b:*", 50, "old:*", 7, "session:*", 1000),
		made(noon.Add(24*time.Hour), "a:*", 300, "b:*", 50, "new:*", 20, "session:*:cart", 1100, "session:*:prefs", 100))
	want := []string{"a:* both 200 []", "session:* both 200 [session:*:cart session:*:prefs]", "new:* new 20 []", "old:* vanished -7 []", "b:* both 0 []"}
	var got []string
	for _, r := range d.Rows {
		got = append(got, fmt.Sprint(r.Pattern, " ", r.State, " ", r.BytesDelta, " ", r.Includes))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if d.Rows[0].BytesPerDay != 200 || d.Seconds != 86400 {
		t.Errorf("%+v", d.Rows[0])
	}
}

// TestUnknown: what may have been in patterns that a report does not name is not new.
func TestUnknown(t *testing.T) {
	before, after := made(noon, "a:*", 100), made(noon.Add(time.Minute), "a:*", 100, "b:*", 5)
	before.Other.Keys, before.Other.Bytes = 3, 30
	before.Totals.Keys += 3
	before.Totals.Bytes += 30
	if d := compared(t, before, after); d.Rows[0].State != diff.Unknown || d.Rows[0].Pattern != "b:*" {
		t.Errorf("%+v", d.Rows)
	}
	wild := compared(t, made(noon, "*", 100), made(noon.Add(time.Minute), "*", 50, "b:*", 50))
	for _, r := range wild.Rows {
		if r.Pattern == "b:*" && r.State != diff.Unknown {
			t.Errorf("%+v", r)
		}
	}
	partial := made(noon, "a:*", 100)
	partial.Coverage.Complete = false
	if d := compared(t, partial, after); d.Rows[0].State != diff.Unknown || len(d.Notes) < 2 {
		t.Errorf("%+v %q", d.Rows, d.Notes)
	}
}

func TestSignificance(t *testing.T) {
	before, after := made(noon, "a:*", 100), made(noon.Add(time.Minute), "a:*", 104)
	before.Groups[0].BytesError, after.Groups[0].BytesError = 3, 4
	if d := compared(t, before, after); d.Rows[0].BytesError != 5 || d.Rows[0].Significant() {
		t.Errorf("%+v", d.Rows[0])
	}
	after.Groups[0].Bytes, after.Totals.Bytes = 106, 106
	if d := compared(t, before, after); !d.Rows[0].Significant() {
		t.Errorf("%+v", d.Rows[0])
	}
}

func TestProjection(t *testing.T) {
	before, after := made(noon), made(noon.Add(48*time.Hour))
	for used, want := range map[int64]float64{1200: 8, 1000: -1, 900: -1, 2000: 0, 2100: 0} {
		before.Servers[0].UsedMemory, after.Servers[0].UsedMemory, after.Servers[0].MaxMemory = 1000, used, 2000
		if d := compared(t, before, after); len(d.Projection) != 1 || d.Projection[0].Days != want {
			t.Errorf("from 1000 to %d: %+v, want %v days", used, d.Projection, want)
		}
	}
	after.Servers[0].MaxMemory = 0
	if d := compared(t, before, after); len(d.Projection) > 0 || len(d.Notes) == 0 {
		t.Errorf("%+v", d)
	}
}

func TestOrder(t *testing.T) {
	if _, err := diff.Of(made(noon.Add(time.Hour)), made(noon)); !errors.Is(err, diff.ErrOrder) {
		t.Error(err)
	}
	if _, err := diff.Of(made(noon), made(noon)); !errors.Is(err, diff.ErrClose) {
		t.Error(err)
	}
}

// TestConservation: whatever is matched with whatever, nothing is lost or counted
// twice.
func TestConservation(t *testing.T) {
	names := []string{"*", "a:*", "a:*:b", "a:*:c", "a:b:*", "ab*", "b", "b:*", "session:*", "session:*:x", "session:*:*", "", "[", `\*`}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		var sides [2]*report.Report
		for i := range sides {
			var groups []any
			for _, n := range names {
				if rng.IntN(2) == 0 {
					groups = append(groups, n, rng.IntN(1000))
				}
			}
			sides[i] = made(noon.Add(time.Duration(i)*time.Hour), groups...)
			if len(sides[i].Groups) > 0 && rng.IntN(3) == 0 {
				sides[i].Groups[0].Pinned = true
			}
		}
		compared(t, sides[0], sides[1])
	}
}
