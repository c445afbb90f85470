package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Auto as Options.Sampling asks for every size unless there are very many keys.
const Auto = "auto"

// manyKeys from which on a part of the sizes says as much as all.
const manyKeys = 5_000_000

const (
	randomKeys = 100_000 // of each database
	randomPage = 100     // keys: a page is one place, so many small ones say more
	randomFor  = 2 * time.Second
)

// large reports whether the shard has a database of which random pages would be a
// part.
func (s *shard) large() bool {
	return s.info != nil && slices.ContainsFunc(s.info.Select(s.DB), func(d redisconn.Database) bool { return d.Keys > s.sampleSize() })
}

func (o *Options) sampleSize() int64 { return cmp.Or(o.sample, randomKeys) }

// mode decides how much is asked for, and says why it is not what was wished.
func (o *Options) mode(shards []*shard) (mode string, notes []string) {
	switch o.Sampling {
	case report.Full, report.Sizes:
		return o.Sampling, nil
	case report.Keys:
		if !slices.ContainsFunc(shards, (*shard).large) {
			return report.Full, []string{"there are so few keys that all were read"}
		}
		for _, s := range shards {
			if s.info != nil && !s.info.ChainsAllowed() {
				return report.Sizes, []string{s.node.Endpoint.Name + ": SCAN of this version or mode cannot begin at random places; all keys were named and a part of them sized"}
			}
		}
		return report.Keys, nil
	}
	keys := int64(0)
	for _, s := range shards {
		keys += s.keysBefore
	}
	if keys > manyKeys {
		return report.Sizes, nil
	}
	return report.Full, nil
}
