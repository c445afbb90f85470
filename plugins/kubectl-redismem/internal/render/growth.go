package render

import (
	"fmt"
	"math"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/diff"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// growth is how a report differs from an earlier one of the same data.
type growth struct {
	*diff.Diff
	rows map[string]diff.Row
}

// newGrowth is nil if there is nothing to compare, or no time in between.
func newGrowth(before, now *report.Report) *growth {
	if before == nil {
		return nil
	}
	d, err := diff.Of(before, now)
	if err != nil {
		return nil
	}
	g := &growth{Diff: d, rows: map[string]diff.Row{}}
	for _, r := range d.Rows {
		g.rows[r.Pattern] = r
	}
	return g
}

// cell says how fast a pattern grows: "new" if it was not there, "~" if the change
// is within what the figures may be off, "?" if nobody knows.
func (g *growth) cell(pattern string) string {
	row, known := g.rows[pattern]
	switch {
	case !known || row.State == diff.Unknown:
		return "?"
	case row.State == diff.New:
		return "new"
	}
	return g.rate(row.Change)
}

func (g *growth) rate(c diff.Change) string {
	if c.BytesDelta != 0 && !c.Significant() {
		return "~"
	}
	return Rate(c.BytesDelta, g.Seconds)
}

// Rate is a change of bytes as a speed, per second or, if it is slow, per hour.
func Rate(delta int64, seconds float64) string {
	if delta == 0 || seconds <= 0 {
		return "0"
	}
	const slow, hour = 1024, 3600
	sign, speed, unit := "+", float64(delta)/seconds, "s"
	if speed < 0 {
		sign, speed = "-", -speed
	}
	if speed < slow {
		speed, unit = speed*hour, "h"
	}
	return fmt.Sprintf("%s%s/%s", sign, output.Bytes(int64(math.Round(speed))), unit)
}
