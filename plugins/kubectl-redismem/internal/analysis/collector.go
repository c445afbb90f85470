package analysis

import (
	"math/bits"
	"math/rand/v2"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/keys"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/scan"
)

// collector is the sink of one database's scan: it counts keys in the tree, decides
// which sizes are asked for, and picks the keys that are looked at closely.
type collector struct {
	tree    *pattern.Tree
	mode    string // report.Full, Sizes or Keys
	precise policy
	pages   int  // counted, in mode Keys
	random  bool // pages at random places are read
	biggest *keys.Best
	lookups *lookups
}

// Plan says which sizes are asked for; see scan.Sink.
func (c *collector) Plan(name []byte) int8 {
	if c.mode != report.Sizes {
		return 0
	}
	k := c.tree.Plan(name, c.precise.plan)
	if k > 0 && rand.Uint64()&(1<<k-1) != 0 {
		return scan.NotAsked
	}
	return k
}

// Count takes a key; see scan.Sink.
func (c *collector) Count(name []byte, k int8, size int64) {
	var n int64
	if c.mode == report.Keys {
		page := c.pages
		if !c.random { // all keys are read: any few of them are as good as a page
			page = int(c.tree.Total().Keys)
		}
		n = c.tree.CountPage(name, page, size)
	} else {
		n = c.tree.Count(name, k, size)
		c.precise.seen++
		c.precise.bytes = float64(c.tree.Total().Bytes)
	}
	if k != scan.NotAsked {
		c.biggest.Offer(name, size)
	}
	if worthALook(n) {
		c.lookups.pick(name, size)
	}
}

// page is called after each page.
func (c *collector) page() {
	c.pages++
	c.lookups.deliver(c.tree)
}

// worthALook picks the first keys of a group, and then 8 each time it doubles:
// SCAN's order has nothing to do with what keys are.
func worthALook(n int64) bool {
	const first, each = 16, 8
	return n <= first || n%(1<<(bits.Len64(uint64(n))-1)/each) == 0
}
