package analysis

import (
	"cmp"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/accounting"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/advice"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/scan"
)

// build makes one report of all shards; errs is why they are not complete.
func build(s Subject, shards []*shard, errs []error, o Options, mode string) (*report.Report, error) {
	r := &report.Report{
		APIVersion: report.APIVersion, Kind: report.Kind, Source: s.Source,
		Coverage: report.Coverage{Complete: len(s.Missing) == 0, Missing: s.Missing, Refusals: map[string]int64{}},
		Sampling: report.Sampling{Mode: mode, Confidence: 0.95, Samples: elementSamples(o.Samples)},
	}
	tree := pattern.New(o.Pattern)
	ledgers := make([]*report.Ledger, len(shards))
	for i, s := range shards {
		r.Servers = append(r.Servers, s.describe())
		s.cover(&r.Coverage, errs[i])
		ledgers[i] = s.ledger()
		if s.tree != nil {
			tree.Merge(s.tree)
		}
	}
	r.Accounting = accounting.Combine(ledgers)
	bill(&r.Cost, shards)
	m := measure{mode: mode, whole: tree.Total(), keys: r.Coverage.KeysBefore}
	if mode == report.Keys { // nothing is known of what was not read
		m.keys = 0
		for _, s := range shards {
			m.keys += s.sampled
		}
	}
	if r.Coverage.Repeats*noticeable >= m.whole.Keys {
		m.repeats = r.Coverage.Repeats
	}
	if shards[0].sofar {
		m.part = float64(m.whole.Keys) / float64(m.keys)
	}
	if err := fill(r, tree, m); err != nil {
		return nil, err
	}
	if mode == report.Keys {
		r.Coverage.Complete = false
		r.Coverage.Reasons = append(r.Coverage.Reasons, "a random part of the keys was read, as asked for")
	}
	if mode == report.Full {
		r.Sampling.Confidence = 1
	}
	r.Biggest = biggestOf(shards)
	r.Sampling.Sized = r.Totals.Sized
	r.Cost.HitsAvoided = r.Totals.Sized
	r.Advice = advice.Of(r)
	return r, nil
}

// elementSamples is SAMPLES as reports have it: -1 is the server's default, 0 is all.
func elementSamples(samples int) int {
	switch samples {
	case 0:
		return -1
	case scan.AllElements:
		return 0
	}
	return samples
}

func (s *shard) describe() report.Server {
	out := report.Server{Address: s.node.Endpoint.Name, Pod: s.node.Pod, Shard: s.node.Shard}
	if i := s.info; i != nil {
		out.Flavour, out.Version, out.Mode, out.Role, out.RunID = i.Flavour, i.Version, i.Mode, i.Role, i.RunID
		out.UsedMemory, out.ResidentMemory, out.MaxMemory = i.UsedMemory, i.ResidentMemory, i.MaxMemory
		out.EvictionPolicy, out.Keys, out.MissingFeatures = i.EvictionPolicy, i.Keys(), i.Missing
	}
	return out
}

// cover adds what is known of the shard, and err, why that is not all.
func (s *shard) cover(c *report.Coverage, err error) {
	if err != nil {
		c.Complete = false
		c.Reasons = append(c.Reasons, s.node.Endpoint.Name+": "+err.Error())
		if s.tree == nil {
			c.Missing = append(c.Missing, s.node.Endpoint.Name+": "+err.Error())
		}
	}
	c.Databases = append(c.Databases, s.databases...)
	c.KeysBefore += s.keysBefore
	if s.keysAfter == unknown || c.KeysAfter == unknown {
		c.KeysAfter = unknown
	} else {
		c.KeysAfter += s.keysAfter
	}
	c.Seen += s.counts.seen
	c.Vanished += s.counts.vanished
	c.Foreign += s.counts.foreign
	c.Unreadable += s.counts.unreadable
	for code, n := range s.counts.refusals {
		c.Refusals[code] += n
	}
	c.Repeats += s.counts.repeats
	c.Reconnects += s.counts.reconnects
	c.Restarts += s.restarts
}

// fill puts the tree's groups into r, pinned ones first. Which groups there are
// does not depend on how many will be shown.
func fill(r *report.Report, tree *pattern.Tree, m measure) error {
	groups := tree.Summary(readable)
	all, err := m.groups(groups)
	if err != nil {
		return err
	}
	r.Groups = make([]report.Group, 0, len(groups))
	for i, g := range groups {
		r.Groups = append(r.Groups, report.Group{
			Pattern: g.Pattern, Shape: g.Shape, Path: g.Path, Figures: all[i], Pinned: g.Pinned,
			Sizes: bins(g.Sizes()), Detail: details(g.Detail()),
		})
	}
	pinned := 0
	for pinned < len(groups) && groups[pinned].Pinned {
		pinned++
	}
	slices.SortFunc(r.Groups[pinned:], func(a, b report.Group) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Pattern, b.Pattern))
	})
	whole := tree.Total()
	r.Totals = m.total(all, whole.Sizes())
	cut(r, m)
	r.Other.ErrorBound = tree.ErrorBound()
	return nil
}

// biggestOf are the biggest keys of all shards.
func biggestOf(shards []*shard) []report.Key {
	var all []report.Key
	for _, s := range shards {
		for _, k := range s.biggest {
			all = append(all, k.Key)
		}
	}
	slices.SortStableFunc(all, func(a, b report.Key) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return all[:min(len(all), mostBiggest)]
}

// readable is how many groups a reader looks at: what is alike folds together
// while too much would be in none of them.
const readable = 25

// maxGroups bounds a report. What is beyond is summed up as other.
const maxGroups = 1000

func cut(r *report.Report, m measure) {
	if len(r.Groups) <= maxGroups {
		return
	}
	rest := make([]report.Figures, 0, len(r.Groups)-maxGroups)
	for _, g := range r.Groups[maxGroups:] {
		rest = append(rest, g.Figures)
	}
	m.mode = report.Full // the parts' own errors are all that is known
	r.Other = report.Other{Figures: m.total(rest, nil), Patterns: len(rest)}
	r.Groups = r.Groups[:maxGroups]
}
