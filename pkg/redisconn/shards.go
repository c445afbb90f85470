package redisconn

import (
	"cmp"
	"fmt"
	"slices"
)

// clusterOf makes the shards of a cluster out of what its nodes say. Each node is
// believed about itself first; of two that claim a slot the one with the higher
// epoch has it, as among the nodes themselves.
func clusterOf(instances, locked []*Instance) *Deployment {
	nodes, answered := map[string]ClusterNode{}, map[string]*Instance{}
	for _, i := range instances {
		v := i.Server.Cluster
		if v == nil {
			continue
		}
		answered[v.Self] = i
		for _, n := range v.Nodes {
			known, ok := nodes[n.ID]
			if !ok || n.ID == v.Self || answered[n.ID] == nil && n.Epoch > known.Epoch {
				nodes[n.ID] = n
			}
		}
	}
	owner := owners(nodes)
	d := &Deployment{Mode: Cluster}
	if instances[0].Pod != nil {
		d.Name = instances[0].Workload()
	}
	byPrimary := map[string]*Shard{}
	for slot := 0; slot < Slots; slot++ {
		from, id := slot, owner[slot]
		for slot+1 < Slots && owner[slot+1] == id {
			slot++
		}
		if byPrimary[id] == nil {
			byPrimary[id] = &Shard{}
		}
		byPrimary[id].Slots = append(byPrimary[id].Slots, SlotRange{from, slot})
	}
	for id, s := range byPrimary {
		s.fill(id, nodes, answered, locked)
		d.Shards = append(d.Shards, *s)
	}
	slices.SortFunc(d.Shards, func(a, b Shard) int { return cmp.Compare(a.Slots[0].From, b.Slots[0].From) })
	for _, i := range instances {
		if !slices.Contains(d.Instances(), i) {
			d.Notes = append(d.Notes, i.Name()+" has no slots, and so no keys")
		}
	}
	return d
}

// owners is the id of the node that has each slot, "" if none has.
func owners(nodes map[string]ClusterNode) []string {
	owner := make([]string, Slots)
	for id, n := range nodes {
		if n.Primary != "" {
			continue
		}
		for _, r := range n.Slots {
			for slot := r.From; slot <= r.To; slot++ {
				if o := owner[slot]; o == "" || nodes[o].Epoch < n.Epoch {
					owner[slot] = id
				}
			}
		}
	}
	return owner
}

// fill adds the nodes of the shard whose primary has this id.
func (s *Shard) fill(id string, nodes map[string]ClusterNode, answered map[string]*Instance, locked []*Instance) {
	if id == "" {
		s.Missing = "no node of the cluster serves these slots"
		return
	}
	for _, n := range nodes {
		if n.ID != id && n.Primary != id {
			continue
		}
		if i := answered[n.ID]; i != nil {
			s.Nodes = append(s.Nodes, i)
			continue
		}
		role := "replica"
		if n.ID == id {
			role = "primary"
		}
		why := fmt.Sprintf("no pod answers as the %s %s", role, n.Address())
		if at := slices.IndexFunc(locked, func(l *Instance) bool { return l.At(n.Host, n.Port) || l.At(n.Hostname, n.Port) }); at >= 0 {
			why = fmt.Sprintf("the %s %s lets nobody in: %v", role, locked[at].Name(), locked[at].Err)
		} else if n.Failed {
			why += ", which its cluster holds for dead"
		}
		s.Absent = append(s.Absent, why)
	}
	slices.Sort(s.Absent)
	slices.SortFunc(s.Nodes, func(a, b *Instance) int { return cmp.Compare(a.Name(), b.Name()) })
	primaryFirst(s.Nodes)
	if len(s.Nodes) == 0 {
		s.Missing = s.Absent[0]
		if len(s.Absent) > 1 {
			s.Missing += fmt.Sprintf(" (and %d more)", len(s.Absent)-1)
		}
	}
}

// Only is the part of a deployment that one node stands for: what is left when a
// pod was named.
func Only(i *Instance) *Deployment {
	all := Deployments([]*Instance{i})
	d := all[0]
	if i.Server == nil || i.Server.Cluster == nil {
		if i.Server != nil {
			d.Shards[0].Absent = nil
		}
		return d
	}
	for _, s := range d.Shards {
		if len(s.Nodes) > 0 {
			s.Absent = nil
			d.Shards = []Shard{s}
			d.Notes = append(d.Notes, "this is one node of a Redis Cluster; the report is about its keys only")
			return d
		}
	}
	d.Shards = []Shard{{Nodes: []*Instance{i}}} // a primary without slots
	return d
}
