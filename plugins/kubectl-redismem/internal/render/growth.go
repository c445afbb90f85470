package render

import (
	"fmt"
	"math"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// growth compares a report with an earlier one of the same data.
type growth struct {
	before  map[string]report.Figures
	hidden  bool // the earlier one had patterns that it did not name
	seconds float64
	whole   report.Figures
}

// newGrowth is nil if there is nothing to compare, or no time in between.
func newGrowth(before, now *report.Report) *growth {
	if before == nil {
		return nil
	}
	seconds := now.Coverage.Started.Sub(before.Coverage.Started).Seconds()
	if seconds <= 0 {
		return nil
	}
	g := &growth{before: map[string]report.Figures{}, hidden: before.Other.Keys > 0, seconds: seconds, whole: before.Totals}
	for _, group := range before.Groups {
		g.before[group.Pattern] = group.Figures
	}
	return g
}

// cell says how fast a pattern grows: "new" if it was not there, "~" if the change
// is within what the figures may be off, "?" if nobody knows.
func (g *growth) cell(pattern string, now report.Figures) string {
	before, known := g.before[pattern]
	switch {
	case known:
		return g.rate(before, now)
	case g.hidden:
		return "?"
	}
	return "new"
}

func (g *growth) total(now report.Figures) string { return g.rate(g.whole, now) }

func (g *growth) rate(before, now report.Figures) string {
	delta := now.Bytes - before.Bytes
	if off := math.Hypot(float64(before.BytesError), float64(now.BytesError)); delta != 0 && math.Abs(float64(delta)) <= off {
		return "~"
	}
	return Rate(delta, g.seconds)
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
