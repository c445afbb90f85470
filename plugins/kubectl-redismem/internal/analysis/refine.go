package analysis

import (
	"cmp"
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

const refineEvery = 5 * time.Second

// refine tells better and better estimates while the one database of one server is
// scanned: SCAN goes by the hashes of names, so what was seen is a sample. Of several
// databases or servers it is none, as these may have other keys, nor of a cluster's
// node that goes slot by slot. Stop ends it.
func (o *Options) refine(ctx context.Context, subject Subject, shards []*shard, mode string) (stop func()) {
	s := shards[0]
	if o.Preview == nil || mode == report.Keys || len(shards) > 1 || s.info == nil || s.keysBefore <= previewFrom || len(s.info.Select(s.DB)) > 1 || s.info.SlotOrdered() {
		return func() {}
	}
	made := &copies{made: make(chan snapshot, 1)}
	s.copies = made
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		started := time.Now()
		pause.Every(ctx, cmp.Or(o.refreshing, refineEvery), func() {
			now, ok := made.take(ctx)
			if !ok {
				return
			}
			seen := now.tree.Total().Keys
			if seen <= randomKeys || seen >= now.keys {
				return // the first estimate rests on as many
			}
			sofar := &shard{Options: o, node: now.node, info: now.info, keysBefore: now.keys, keysAfter: unknown, tree: now.tree,
				mode: mode, sofar: true, counts: counts{seen: seen}}
			r, err := build(subject, []*shard{sofar}, []error{nil}, *o, mode)
			if err != nil || ctx.Err() != nil {
				return
			}
			r.Coverage.Complete = false
			r.Coverage.Seconds = time.Since(started).Seconds()
			o.Preview(r)
		})
	})
	return func() { cancel(); done.Wait() }
}

// snapshot is a tree of a scan that goes on, and whose it is: after a failover that
// changes.
type snapshot struct {
	tree *pattern.Tree
	node *Node
	info *redisconn.Server
	keys int64
}

// copies hands copies of a growing tree from who fills it to who reads it.
type copies struct {
	wanted atomic.Bool
	made   chan snapshot
}

// offer copies the tree if a copy is wanted.
func (c *copies) offer(s snapshot) {
	if c != nil && c.wanted.CompareAndSwap(true, false) {
		s.tree = s.tree.Clone()
		c.made <- s
	}
}

// take is a copy of now; it is not ok if the scan has ended or stands still.
func (c *copies) take(ctx context.Context) (s snapshot, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, refineEvery)
	defer cancel()
	c.wanted.Store(true)
	select {
	case s = <-c.made:
		return s, true
	case <-ctx.Done():
		if c.wanted.CompareAndSwap(true, false) {
			return s, false
		}
		return <-c.made, true // it is being made
	}
}

// extrapolate makes figures of all keys from those of the part that was seen, which
// is a sample without replacement.
func (m measure) extrapolate(f *report.Figures, s pattern.Stats) {
	if f.Keys == 0 {
		return
	}
	up, keys := 1/m.part, float64(f.Keys)
	others := 1 - keys/float64(m.whole.Keys)
	_, deviation := s.Spread()
	off := func(variance float64) float64 { return 1.96 * up * math.Sqrt(keys*variance*(1-m.part)) }
	f.KeysError = int64(math.Ceil(off(others)))
	sampled := off(deviation*deviation+others) * float64(f.Bytes) / keys
	f.BytesError = int64(math.Ceil(math.Hypot(sampled, float64(f.BytesError)*up)))
	f.Bytes = int64(math.Round(float64(f.Bytes) * up))
}
