package analysis

import (
	"context"
	"slices"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// previewFrom is how many keys are worth a first answer: more than some seconds'
// work.
const previewFrom = 1_000_000

// preview tells a first answer, from random keys, before a scan that takes longer.
// Without one nothing is lost, so its errors are nobody's business.
func (o *Options) preview(ctx context.Context, s Subject, shards []*shard, mode string) {
	keys := int64(0)
	for _, s := range shards {
		keys += s.keysBefore
	}
	able := !slices.ContainsFunc(shards, func(s *shard) bool { return s.info == nil || !s.info.ChainsAllowed() })
	if o.Preview == nil || mode == report.Keys || keys <= previewFrom || !able {
		return
	}
	started := time.Now()
	quick := make([]*shard, len(shards))
	for i, s := range shards {
		quick[i] = &shard{Options: o, node: s.node, progress: &progress{}, client: s.client, info: s.info, keysBefore: s.keysBefore, mode: report.Keys}
	}
	errs := each(quick, func(s *shard) error { return s.scan(ctx) })
	r, err := build(s, quick, errs, *o, report.Keys)
	if err != nil || ctx.Err() != nil || slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		return
	}
	r.Coverage.Started = started.UTC().Truncate(time.Millisecond)
	r.Coverage.Seconds = time.Since(started).Round(time.Millisecond).Seconds()
	o.Preview(r)
}
