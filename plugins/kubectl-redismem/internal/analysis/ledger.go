package analysis

import (
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/accounting"
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
		m.Keys = s.keysBefore
		_, bytes = whole.Of(whole, s.keysBefore)
	}
	m.Bytes, m.BytesError = measure{mode: s.mode, whole: whole}.bytes(bytes, whole)
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
