package analysis

import (
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/accounting"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// ledger explains the used memory of the shard's server, nil if that cannot be: its
// keys have to be known, all of them.
func (s *shard) ledger() *report.Ledger {
	if s.before == nil || s.tree == nil || s.info == nil || s.DB != redisconn.AllDatabases {
		return nil
	}
	whole := s.tree.Total()
	m := accounting.Measured{Keys: whole.Keys, Elements: -1, Complete: s.done}
	bytes := whole.Total()
	if s.mode == report.Keys {
		m.Keys = s.sampled
		_, bytes = whole.Of(whole, s.sampled)
	}
	m.Bytes, m.BytesError = measure{mode: s.mode, whole: whole}.bytes(bytes, whole)
	extrapolate(&m, s.tree, float64(m.Keys)/float64(max(1, whole.Keys)))
	for _, d := range s.info.Databases {
		if d.Expires < 0 || m.Expiring < 0 {
			m.Expiring = accounting.Unknown
			continue
		}
		m.Expiring += d.Expires
	}
	if s.afterwards == nil {
		return accounting.Explain(s.before, m)
	}
	return accounting.Explain(s.before, m, s.afterwards)
}

// extrapolate says of all keys what was found of a sample of each group: of keys by
// their number, of what is inside of them by their bytes. Each key in the tree stands
// for so many.
func extrapolate(m *accounting.Measured, tree *pattern.Tree, each float64) {
	var lists, sharedIntegers, entries, setEntries, streams float64
	known := false
	for _, g := range tree.Summary(readable) {
		d := g.Detail()
		if d == nil || d.Looked == 0 {
			continue
		}
		known = known || len(d.Encodings) > 0
		perKey := each * float64(g.Keys) / float64(d.Looked)
		lists += perKey * float64(d.Types["list"])
		sharedIntegers += perKey * float64(d.Shared)
		if d.Bytes > 0 {
			perByte := each * g.Total().Value / float64(d.Bytes)
			entries += perByte * float64(d.Entries)
			setEntries += perByte * float64(d.SetEntries)
			streams += perByte * float64(d.Excess)
			m.Slack[0] += perByte * d.Slack[0]
			m.Slack[1] += perByte * d.Slack[1]
		}
	}
	if known {
		m.Lists, m.Shared, m.Elements = int64(lists), int64(sharedIntegers), int64(entries)
		m.SetElements, m.Streams = int64(setEntries), int64(streams)
	}
}
