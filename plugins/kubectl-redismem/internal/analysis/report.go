package analysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
)

// APIVersion and Kind begin every machine-readable report.
const (
	APIVersion = "redismem.kubectl-suite.dev/v1alpha1"
	Kind       = "MemoryReport"
)

// Report is the result: which patterns of keys take how much memory. Sizes are
// bytes as MEMORY USAGE gives them. Groups and Other add up to Totals.
type Report struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Server     Server   `json:"server"`
	Totals     Figures  `json:"totals"`
	Coverage   Coverage `json:"coverage"`
	Groups     []Group  `json:"groups"`
	Other      Other    `json:"other"`
}

// Server is the server that was scanned.
type Server struct {
	Address    string `json:"address"`
	Context    string `json:"context,omitempty"`
	Namespace  string `json:"namespace,omitempty"`
	Pod        string `json:"pod,omitempty"`
	Flavour    string `json:"flavour"`
	Version    string `json:"version"`
	Mode       string `json:"mode"`
	Role       string `json:"role"`
	RunID      string `json:"runID"`
	UsedMemory int64  `json:"usedMemoryBytes"`
	MaxMemory  int64  `json:"maxMemoryBytes"` // 0: no limit
}

// Figures describe a set of keys.
type Figures struct {
	Keys  int64 `json:"keys"`
	Bytes int64 `json:"bytes"`
	Min   int64 `json:"minBytes"`
	Max   int64 `json:"maxBytes"`
	Avg   int64 `json:"avgBytes"`
}

func figures(s pattern.Stats) Figures {
	return Figures{Keys: s.Keys, Bytes: s.Bytes, Min: s.Min, Max: s.Max, Avg: s.Avg()}
}

// Group is one pattern of keys.
type Group struct {
	Pattern string `json:"pattern"`
	Figures
	Pinned bool `json:"pinned"`
}

// Other is what the groups leave: the patterns beyond Options.Top, together.
type Other struct {
	Figures
	Patterns int `json:"patterns"`
}

// Coverage says how much of the server the report is about. Keys that SCAN
// named are sized (Totals.Keys), vanished or unreadable, never silently absent.
type Coverage struct {
	Complete   bool             `json:"complete"` // every database was walked to its end
	Reason     string           `json:"reason,omitempty"`
	Databases  []Database       `json:"databases"`
	KeysBefore int64            `json:"keysBefore"` // in these databases when the scan began
	KeysAfter  int64            `json:"keysAfter"`  // when it ended; -1 if nobody could say
	Seen       int64            `json:"keysSeen"`
	Vanished   int64            `json:"keysVanished"` // expired or deleted before their size was asked
	Unreadable int64            `json:"keysUnreadable"`
	Refusals   map[string]int64 `json:"refusals,omitempty"` // of unreadable keys, by error code
	Repeats    int64            `json:"keysRepeatedAtLeast"`
	Reconnects int              `json:"reconnects"`
	Started    time.Time        `json:"startedAt"`
	Seconds    float64          `json:"durationSeconds"`
}

// Database is one numbered database of the server.
type Database struct {
	DB       int   `json:"db"`
	Keys     int64 `json:"keys"` // seen
	Complete bool  `json:"complete"`
}

// Share is the part of the keys that was seen, from 0 to 1.
func (c Coverage) Share() float64 {
	expected := max(c.KeysBefore, c.Seen)
	if expected == 0 || c.Complete {
		return 1
	}
	return float64(c.Seen) / float64(expected)
}

// Order is what groups are sorted by, the largest first.
type Order string

// The orders. Pattern sorts by name instead.
const (
	BySize    Order = "size"
	ByKeys    Order = "keys"
	ByAvg     Order = "avg"
	ByMax     Order = "max"
	ByPattern Order = "pattern"
)

// Orders lists all orders, the default first.
var Orders = []Order{BySize, ByKeys, ByAvg, ByMax, ByPattern}

func (o Order) compare(a, b pattern.Group) int {
	by := map[Order]int64{ByKeys: b.Keys - a.Keys, ByAvg: b.Avg() - a.Avg(), ByMax: b.Max - a.Max, BySize: b.Bytes - a.Bytes}[o]
	switch {
	case by > 0:
		return 1
	case by < 0:
		return -1
	}
	return strings.Compare(a.Pattern, b.Pattern)
}

// fill puts the tree's groups into r: pinned ones first, then the top others in
// order, the rest as Other.
func (r *Report) fill(tree *pattern.Tree, top int, order Order) error {
	groups := tree.Summary(max(top, 0))
	pinned := 0
	for pinned < len(groups) && groups[pinned].Pinned {
		pinned++
	}
	slices.SortFunc(groups[pinned:], order.compare)
	shown := min(pinned+max(top, 0), len(groups))

	var sum, rest pattern.Stats
	r.Groups = make([]Group, 0, shown)
	for i, g := range groups {
		sum.Merge(g.Stats)
		if i < shown {
			r.Groups = append(r.Groups, Group{g.Pattern, figures(g.Stats), g.Pinned})
		} else {
			rest.Merge(g.Stats)
		}
	}
	r.Other = Other{figures(rest), len(groups) - shown}
	r.Totals = figures(tree.Total())
	if sum != tree.Total() {
		return fmt.Errorf("groups add up to %+v, but %+v was counted: this is a bug of redismem", sum, tree.Total())
	}
	return nil
}
