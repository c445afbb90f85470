package analysis

import (
	"fmt"
	"math"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/estimate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// measure makes figures of what was counted.
type measure struct {
	mode  string
	whole pattern.Stats
	keys  int64 // that the servers say they have
	// part of the keys that was seen, if the rest is to be guessed; else 0.
	part float64
	// repeats are names that SCAN returned more than once, 0 if too few to matter.
	repeats int64
}

// groups are the figures of groups that add up to the whole.
func (m measure) groups(groups []pattern.Group) ([]report.Figures, error) {
	var sum pattern.Stats
	for _, g := range groups {
		sum.Merge(g.Stats)
	}
	if sum.Keys != m.whole.Keys || sum.Sized != m.whole.Sized || sum.Bytes != m.whole.Bytes {
		return nil, fmt.Errorf("groups add up to %d keys, %d sized, %d bytes, but %d, %d, %d were counted: this is a bug of redismem",
			sum.Keys, sum.Sized, sum.Bytes, m.whole.Keys, m.whole.Sized, m.whole.Bytes)
	}
	out := make([]report.Figures, len(groups))
	weights := make([]float64, len(groups))
	for i, g := range groups {
		f := &out[i]
		*f = report.Figures{Keys: g.Keys, Min: g.Min, Max: g.Max, Sized: g.Sized}
		bytes := g.Total()
		if m.mode == report.Keys {
			var keys estimate.Interval
			keys, bytes = g.Of(m.whole, m.keys)
			_, f.KeysError, _ = keys.Rounded()
			weights[i] = keys.Value
		}
		f.Bytes, f.BytesError = m.bytes(bytes, g.Stats)
		if m.part > 0 {
			m.extrapolate(f, g.Stats)
			weights[i] = float64(g.Keys)
		}
		if h := g.Sizes(); h != nil {
			f.P50, f.P99 = clamp(h.Quantile(0.5), f), clamp(h.Quantile(0.99), f)
		}
	}
	if (m.mode == report.Keys || m.part > 0) && len(out) > 0 {
		for i, n := range estimate.Apportion(m.keys, weights) {
			out[i].Keys = n
		}
	}
	m.takeOut(out)
	for i := range out {
		average(&out[i])
	}
	return out, nil
}

// noticeable is the share of repeats, one in so many keys, from which on figures are
// corrected for them.
const noticeable = 1000

// takeOut corrects figures for repeats, which are spread over the groups by chance
// as keys are. Which of them each group had is not known: its error says so.
func (m measure) takeOut(out []report.Figures) {
	if m.repeats == 0 {
		return
	}
	factor := 1 - float64(m.repeats)/float64(m.whole.Keys)
	keys, bytes := make([]int64, len(out)), make([]int64, len(out))
	for i, f := range out {
		keys[i], bytes[i] = f.Keys, f.Bytes
	}
	keys, bytes = estimate.Scale(keys, factor), estimate.Scale(bytes, factor)
	for i := range out {
		f := &out[i]
		taken := f.Keys - keys[i]
		off := min(float64(taken), 1.96*math.Sqrt(float64(taken))+1)
		f.KeysError += int64(math.Ceil(off))
		if f.Keys > 0 {
			f.BytesError += int64(math.Ceil(off * float64(f.Bytes) / float64(f.Keys)))
		}
		f.Keys, f.Bytes = keys[i], bytes[i]
	}
}

// bytes rounds an estimate. Keys of which no size is known are taken for average
// ones, give or take all of that.
func (m measure) bytes(i estimate.Interval, s pattern.Stats) (value, half int64) {
	if value, half, ok := i.Rounded(); ok {
		return value, half
	}
	if s.Sized > 0 { // too few to say how far off
		return int64(math.Round(i.Value)), int64(math.Round(i.Value))
	}
	guess := s.Keys * m.whole.Avg()
	return guess, guess
}

// total adds up figures of disjoint sets. Their errors are independent; of random
// pages the whole's own is known.
func (m measure) total(parts []report.Figures, sizes *pattern.Histogram) report.Figures {
	var t report.Figures
	var keysError, bytesError float64
	for _, f := range parts {
		add(&t, f)
		keysError = math.Hypot(keysError, float64(f.KeysError))
		bytesError = math.Hypot(bytesError, float64(f.BytesError))
	}
	t.KeysError, t.BytesError = int64(math.Ceil(keysError)), int64(math.Ceil(bytesError))
	if m.mode == report.Keys {
		_, bytes := m.whole.Of(m.whole, m.keys)
		_, t.BytesError = m.bytes(bytes, m.whole)
		t.KeysError = 0 // the servers say how many there are
	}
	if m.part > 0 {
		t.KeysError = 0
	}
	if sizes != nil {
		t.P50, t.P99 = clamp(sizes.Quantile(0.5), &t), clamp(sizes.Quantile(0.99), &t)
	}
	average(&t)
	return t
}

// add sums what can be summed.
func add(t *report.Figures, f report.Figures) {
	if f.Sized > 0 && (t.Sized == 0 || f.Min < t.Min) {
		t.Min = f.Min
	}
	t.Max = max(t.Max, f.Max)
	t.Keys += f.Keys
	t.Bytes += f.Bytes
	t.Sized += f.Sized
}

func average(f *report.Figures) {
	if f.Keys > 0 {
		f.Avg = (f.Bytes + f.Keys/2) / f.Keys
	}
}

func clamp(x int64, f *report.Figures) int64 { return min(max(x, f.Min), f.Max) }

// bins are a distribution for a report.
func bins(h *pattern.Histogram) []report.Bin {
	if h == nil {
		return nil
	}
	var out []report.Bin
	h.Bins(func(from, keys, bytes int64) { out = append(out, report.Bin{From: from, Count: keys, Bytes: bytes}) })
	return out
}

// spans are a distribution of seconds.
func spans(h *pattern.Histogram) []report.Bin {
	out := bins(h)
	for i := range out {
		out[i].Bytes = 0
	}
	return out
}

func details(d *pattern.Detail) *report.Details {
	if d == nil || d.Looked == 0 {
		return nil
	}
	return &report.Details{Sampled: d.Looked, Types: d.Types, Encodings: d.Encodings, NoTTL: d.NoTTL, TTL: spans(&d.TTL), Idle: spans(&d.Idle)}
}
