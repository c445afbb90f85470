package redisconn

import (
	"fmt"
	"strings"
)

// Mode says how the servers of a deployment share their data.
type Mode string

// The modes. Replicated has one shard with several nodes, Cluster any number.
const (
	Standalone Mode = "standalone"
	Replicated Mode = "replicated"
	Cluster    Mode = "cluster"
)

// Deployment is a set of servers that hold one data set between them.
type Deployment struct {
	Name   string // the owning workload, such as statefulset/redis, or pod/redis-0
	Mode   Mode   // "" if no server let us in
	Shards []Shard
	// Locked are servers of the same workload that did not let us in.
	Locked []*Instance
	// Notes are things to know about it, for people.
	Notes []string
}

// Shard is one part of the data, held by a primary and copied by its replicas.
type Shard struct {
	Slots []SlotRange // of a cluster
	Nodes []*Instance // that answered, the primary first; none if Missing is set
	// Missing says why nobody can be asked for this shard.
	Missing string
	// Absent are nodes that belong here and did not answer, with why.
	Absent []string
}

// Name is the shard's slot ranges, "" outside of clusters.
func (s *Shard) Name() string {
	parts := make([]string, len(s.Slots))
	for i, r := range s.Slots {
		parts[i] = r.String()
	}
	return strings.Join(parts, ",")
}

// Primary is the shard's primary if it answered, else nil.
func (s *Shard) Primary() *Instance {
	if len(s.Nodes) > 0 && !s.Nodes[0].Server.IsReplica() {
		return s.Nodes[0]
	}
	return nil
}

// Instances are all servers of d that answered, by shard.
func (d *Deployment) Instances() []*Instance {
	var out []*Instance
	for i := range d.Shards {
		out = append(out, d.Shards[i].Nodes...)
	}
	return out
}

// Keys is what DBSIZE says, summed over the shards that answered; complete is
// false if one did not.
func (d *Deployment) Keys() (n int64, complete bool) {
	complete = len(d.Shards) > 0
	for i := range d.Shards {
		nodes := d.Shards[i].Nodes
		if len(nodes) == 0 {
			complete = false
			continue
		}
		n += nodes[0].Server.Keys()
	}
	return n, complete
}

// Err is why nothing of d can be read, nil if something can.
func (d *Deployment) Err() error {
	if len(d.Instances()) > 0 {
		return nil
	}
	for _, i := range d.Locked {
		return i.Err
	}
	for i := range d.Shards {
		return fmt.Errorf("%s: %s", d.Name, d.Shards[i].Missing)
	}
	return fmt.Errorf("%s: %w", d.Name, ErrNotRedis)
}

// Like is the shard of d that holds the same data as an older view of it: the
// same first slot in a cluster, the only shard otherwise.
func (d *Deployment) Like(old *Shard) (*Shard, error) {
	for i := range d.Shards {
		s := &d.Shards[i]
		if len(old.Slots) == 0 || s.has(old.Slots[0].From) {
			if s.Missing != "" {
				return nil, fmt.Errorf("shard %s: %s", s.Name(), s.Missing)
			}
			return s, nil
		}
	}
	return nil, fmt.Errorf("no node of %s has the slots %s any more", d.Name, old.Name())
}

func (s *Shard) has(slot int) bool {
	for _, r := range s.Slots {
		if r.From <= slot && slot <= r.To {
			return true
		}
	}
	return false
}
