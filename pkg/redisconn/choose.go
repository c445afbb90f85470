package redisconn

import (
	"fmt"
	"time"
)

// Preference says which node of a shard to burden.
type Preference string

// The preferences. Either falls back to the other, and the reason says so.
const (
	PreferReplica Preference = "replica"
	PreferPrimary Preference = "primary"
)

// maxLag is how far a replica may be behind: it hears from its primary every ten
// seconds at least.
const maxLag = 15 * time.Second

// maxBehind is how many bytes of changes a replica may lack. The two are not asked
// at the same moment, so a busy primary looks ahead by what it wrote in between.
const maxBehind = 64 << 20

// Choose picks the node to read from, nil if there is none, and says why.
func (s *Shard) Choose(p Preference) (*Instance, string) {
	if len(s.Nodes) == 0 {
		return nil, s.Missing
	}
	primary := s.Primary()
	if primary != nil && (p == PreferPrimary || len(s.Nodes) == 1) {
		if p == PreferPrimary {
			return primary, "primary, as asked for"
		}
		return primary, s.onlyOne()
	}
	var why string
	for _, n := range s.Nodes {
		if !n.Server.IsReplica() {
			continue
		}
		bad := s.unfit(n)
		if bad == "" {
			if p == PreferPrimary {
				return n, "healthy replica: no primary answered"
			}
			return n, "healthy replica"
		}
		if why == "" {
			why = fmt.Sprintf("replica %s %s", n.Name(), bad)
		}
	}
	if primary != nil {
		return primary, "primary: " + why
	}
	return s.Nodes[0], why + ", and no primary answered"
}

func (s *Shard) onlyOne() string {
	if len(s.Absent) > 0 {
		return "primary: " + s.Absent[0]
	}
	return "only node"
}

// unfit says what keeps a replica from standing in for its primary, "" if nothing.
func (s *Shard) unfit(n *Instance) string {
	r := &n.Server.Replication
	switch {
	case n.Server.Loading:
		return "is loading its data"
	case r.Syncing:
		return "is copying its primary"
	case !r.LinkUp:
		return "has lost its primary"
	case n.Server.Lacks(LacksReadOnly):
		return "does not let us READONLY"
	case r.Silence > maxLag:
		return fmt.Sprintf("has not heard from its primary for %v", r.Silence)
	}
	if p := s.Primary(); p != nil && p.Server.Replication.Offset-r.Offset > maxBehind {
		return fmt.Sprintf("is %d bytes behind its primary", p.Server.Replication.Offset-r.Offset)
	}
	return ""
}
