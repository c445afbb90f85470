// Package keys finds the biggest keys that match a glob.
//
// The server matches the names (SCAN MATCH) and sizes what matched (MEMORY USAGE);
// type, encoding, elements, TTL and idle time are asked for the winners only. What
// is kept is the winners and one page of names.
package keys

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pace"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Kind is that of a [List] in machine formats.
const Kind = "KeyList"

// Options say what to look for.
type Options struct {
	Match    pattern.Glob
	DB       int // or redisconn.AllDatabases
	Count    int // of SCAN: keys that the server looks at for a page
	Limits   pace.Limits
	Top      int                     // keys to find, at least 1
	Progress func(done, total int64) // keys that the servers looked at; may be nil
}

// List is the biggest keys, the biggest first.
type List struct {
	APIVersion string           `json:"apiVersion"`
	Kind       string           `json:"kind"`
	Source     report.Source    `json:"source"`
	Pattern    string           `json:"pattern"`
	Keys       []Key            `json:"keys"`
	Complete   bool             `json:"complete"` // every database of every server was walked to its end
	Reasons    []string         `json:"reasons,omitempty"`
	Matched    int64            `json:"keysMatched"` // names that SCAN returned; a name that came twice counts twice
	Bytes      int64            `json:"bytes"`       // of all that matched and were sized
	Vanished   int64            `json:"keysVanished"`
	Unreadable int64            `json:"keysUnreadable"`
	Refusals   map[string]int64 `json:"refusals,omitempty"` // by the server's error code
}

// Key is a key and how long nobody has used it.
type Key struct {
	report.Key
	Idle int64 `json:"idleSeconds"` // -1: not known, for example because the server counts frequencies

	raw string // the name's bytes
}

// Raw is the name as it is on the server, any bytes.
func (k Key) Raw() string { return k.raw }

const maxAtOnce = 8

// Find searches all servers, several at once. If a server cannot be read to its
// end the list is about the rest, its Reasons say what is missing, and the error
// is the first of them.
func Find(ctx context.Context, servers []*redisconn.Endpoint, o Options) (*List, error) {
	l := &List{APIVersion: report.APIVersion, Kind: Kind, Pattern: o.Match.String(), Complete: true, Refusals: map[string]int64{}}
	total := &progress{tell: o.Progress}
	searches, errs := make([]*search, len(servers)), make([]error, len(servers))
	var wait sync.WaitGroup
	slots := make(chan struct{}, maxAtOnce)
	for i, e := range servers {
		searches[i] = &search{Options: o, endpoint: e, progress: total, refusals: map[string]int64{}}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			errs[i] = searches[i].run(ctx)
		})
	}
	wait.Wait()
	var failed []error
	for i, s := range searches {
		if errs[i] != nil {
			failed = append(failed, fmt.Errorf("%s: %w", s.endpoint.Name, errs[i]))
			l.Reasons, l.Complete = append(l.Reasons, failed[len(failed)-1].Error()), false
		}
		s.addTo(l)
	}
	slices.SortStableFunc(l.Keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.raw, b.raw), cmp.Compare(a.DB, b.DB))
	})
	l.Keys = l.Keys[:min(len(l.Keys), o.Top)]
	if len(failed) > 0 {
		return l, failed[0]
	}
	return l, nil
}

func (s *search) addTo(l *List) {
	l.Keys = append(l.Keys, s.found...)
	l.Matched += s.matched
	l.Bytes += s.bytes
	l.Vanished += s.vanished
	for code, n := range s.refusals {
		l.Refusals[code] += n
		l.Unreadable += n
	}
}

// progress adds up what all servers have looked at.
type progress struct {
	mu          sync.Mutex
	done, total int64
	tell        func(done, total int64)
}

func (p *progress) add(done, total int64) {
	if p.tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.total = p.done+done, p.total+total
	p.tell(min(p.done, p.total), p.total)
}
