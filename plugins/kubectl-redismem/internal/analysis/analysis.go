// Package analysis turns servers into a report: it asks what there is, scans all
// shards at once, and says how far the answer can be trusted.
package analysis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pace"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Options say what to scan and how to group it.
type Options struct {
	Pattern  pattern.Options
	DB       int    // or redisconn.AllDatabases
	Count    int    // of SCAN; 0 means scan.DefaultCount
	Chains   int    // walks over one database at the same time, where the server allows it; 0 means 1
	Samples  int    // as scan.Config.Samples
	Sampling string // Auto or one of the modes of package report; "" means Auto
	Limits   pace.Limits
	Progress func(done, total int64) // may be nil
	// Preview, if not nil, is told a first estimate within seconds where the whole
	// answer takes longer.
	// It is told better ones from time to time.
	Preview func(*report.Report)

	refreshing time.Duration // for tests; 0 means refineEvery
	sample     int64         // keys of random pages, for tests; 0 means randomKeys
}

// Node is a server to scan: a shard's, or the only one.
type Node struct {
	Endpoint *redisconn.Endpoint
	Pod      string // "" outside of a cluster
	Shard    string // the slots that it serves, "" outside of a Redis Cluster
	// Again looks for a node to read this one's shard from after it was lost. It is
	// nil if there is none to be expected.
	Again func(context.Context) (*Node, error)
}

// Subject is what a report is about.
type Subject struct {
	Source  report.Source
	Nodes   []*Node
	Missing []string // parts that nobody can be asked for, each with why
}

// Run scans the nodes of s, several at once. If the scan ends early the report is
// valid for what was seen, its coverage says what is missing, and the error says
// why. Without anything to report, the report is nil.
func Run(ctx context.Context, s Subject, o Options) (*report.Report, error) {
	started := time.Now()
	o.Pattern.Detailed = true
	total := &progress{tell: o.Progress}
	shards := make([]*shard, len(s.Nodes))
	for i, n := range s.Nodes {
		shards[i] = &shard{Options: &o, node: n, progress: total, keysAfter: unknown}
	}
	defer func() {
		for _, s := range shards {
			s.close()
		}
	}()
	errs := each(shards, func(s *shard) error { return s.inspect(ctx) })
	for _, s := range shards {
		total.total += s.keysBefore
	}
	mode, notes := o.mode(shards)
	notes = append(notes, o.learn(shards)...)
	for _, s := range shards {
		notes = append(notes, s.notes...)
	}
	o.preview(ctx, s, shards, mode)
	for _, s := range shards {
		s.mode = mode
	}
	stop := o.refine(ctx, s, shards, mode)
	ran := each(shards, func(s *shard) error { return s.run(ctx) })
	stop()
	for i, err := range ran {
		if errs[i] == nil {
			errs[i] = err
		}
	}
	r, err := build(s, shards, errs, o, mode)
	if err != nil {
		return nil, err
	}
	r.Sampling.Notes = append(r.Sampling.Notes, notes...)
	r.Coverage.Started = started.UTC().Truncate(time.Millisecond)
	r.Coverage.Seconds = time.Since(started).Round(time.Millisecond).Seconds()
	err = failure(s, shards, errs)
	if err != nil && r.Coverage.Seen == 0 && !slices.ContainsFunc(shards, func(s *shard) bool { return s.done }) {
		return nil, err
	}
	return r, err
}

// failure is why the report is not about everything, nil if it is.
func failure(s Subject, shards []*shard, errs []error) error {
	var first error
	failed := 0
	for i, err := range errs {
		if err == nil {
			continue
		}
		if failed++; first == nil {
			first = ExplainRefusal(err)
			if len(shards) > 1 {
				first = fmt.Errorf("%s: %w", shards[i].node.Endpoint.Name, first)
			}
		}
	}
	switch {
	case failed > 1:
		return fmt.Errorf("%d of %d shards were not read to their end; %w", failed+len(s.Missing), len(shards)+len(s.Missing), first)
	case failed == 1:
		return first
	case len(s.Missing) > 0:
		return fmt.Errorf("%d of %d shards could not be read: %w", len(s.Missing), len(shards)+len(s.Missing), errors.New(s.Missing[0]))
	}
	return nil
}

// maxAtOnce is how many servers are scanned at the same time. Each costs a tree
// of a few megabytes and a few connections.
const maxAtOnce = 8

// each runs f for all shards, a few at once.
func each(shards []*shard, f func(*shard) error) []error {
	errs := make([]error, len(shards))
	slots := make(chan struct{}, maxAtOnce)
	var wait sync.WaitGroup
	for i, s := range shards {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			errs[i] = f(s)
		})
	}
	wait.Wait()
	return errs
}

// progress adds up what all shards have done.
type progress struct {
	mu          sync.Mutex
	done, total int64
	tell        func(done, total int64)
}

func (p *progress) add(n int64) {
	if p.tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	p.tell(p.done, p.total)
}
