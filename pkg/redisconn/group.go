package redisconn

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Deployments puts together what belongs together: the nodes of one cluster, a
// primary and its replicas. It is a pure function; the order is that of the
// instances.
func Deployments(instances []*Instance) []*Deployment {
	var open, locked, lone []*Instance
	for _, i := range instances {
		switch {
		case i.Server == nil:
			locked = append(locked, i)
		case i.Server.Cluster != nil && !i.Server.Cluster.hasSlots():
			lone = append(lone, i)
		case !slices.ContainsFunc(open, i.sameServer):
			open = append(open, i)
		}
	}
	var out []*Deployment
	for _, g := range related(open) {
		if i := slices.IndexFunc(g, func(i *Instance) bool { return i.Server.Cluster != nil }); i >= 0 {
			out = append(out, clusterOf(g, locked))
		} else {
			out = append(out, replicaSet(g))
		}
	}
	out = addLocked(out, locked)
	out = addLone(out, lone)
	name(out)
	return out
}

// sameServer reports whether two ports of a pod lead to one server.
func (i *Instance) sameServer(o *Instance) bool {
	return i.Server.RunID != "" && i.Server.RunID == o.Server.RunID && i.Pod.UID == o.Pod.UID && i.Pod.Name == o.Pod.Name
}

// related divides instances into sets that share data, directly or through others.
func related(all []*Instance) [][]*Instance {
	set := make([]int, len(all)) // index of the first of each one's set
	for i := range all {
		set[i] = i
		for j := range i {
			if !sameData(all[i], all[j]) || set[i] == set[j] {
				continue
			}
			from, to := max(set[i], set[j]), min(set[i], set[j])
			for k := range i + 1 {
				if set[k] == from {
					set[k] = to
				}
			}
		}
	}
	groups := map[int]int{}
	var out [][]*Instance
	for i, s := range set {
		at, known := groups[s]
		if !known {
			at = len(out)
			groups[s] = at
			out = append(out, nil)
		}
		out[at] = append(out[at], all[i])
	}
	return out
}

func sameData(a, b *Instance) bool {
	x, y := a.Server, b.Server
	if x.Cluster != nil && y.Cluster != nil {
		return x.Cluster.knows(y.Cluster.Self) || y.Cluster.knows(x.Cluster.Self)
	}
	if x.Mode != y.Mode || !x.IsReplica() && !y.IsReplica() {
		return false
	}
	return x.Replication.ID != "" && x.Replication.ID == y.Replication.ID || a.follows(b) || b.follows(a)
}

func (v *ClusterView) knows(id string) bool {
	return slices.ContainsFunc(v.Nodes, func(n ClusterNode) bool { return n.ID == id })
}

// follows reports whether i is told to copy p.
func (i *Instance) follows(p *Instance) bool {
	r := &i.Server.Replication
	return i.Server.IsReplica() && p.At(r.PrimaryHost, r.PrimaryPort)
}

// At reports whether an announced address is the instance's: by an IP of its pod
// or by one of the pod's names in DNS, and by its port.
func (i *Instance) At(host string, port int) bool {
	if port != i.Port || host == "" {
		return false
	}
	return PodAt(i.Pod, host)
}

// addLocked puts servers that let nobody in beside those of the same workload, or
// into a deployment of their own.
func addLocked(out []*Deployment, locked []*Instance) []*Deployment {
	for _, l := range locked {
		at := slices.IndexFunc(out, l.sameWorkload)
		if at < 0 {
			out, at = append(out, &Deployment{}), len(out)
		}
		out[at].Locked = append(out[at].Locked, l)
	}
	return out
}

// addLone puts nodes in cluster mode that belong to no cluster beside those of
// the same workload: a pod that came back without its files has forgotten whom it
// belonged to. It holds no keys, so it must not stand in the way of those that do.
func addLone(out []*Deployment, lone []*Instance) []*Deployment {
	for _, l := range lone {
		note := fmt.Sprintf("%s is in cluster mode but belongs to no cluster", l.Name())
		at := slices.IndexFunc(out, l.sameWorkload)
		if at < 0 {
			out = append(out, &Deployment{Mode: Cluster, Shards: []Shard{{Nodes: []*Instance{l}}}, Notes: []string{note}})
			continue
		}
		out[at].Notes = append(out[at].Notes, note)
	}
	return out
}

// sameWorkload reports whether d is of the workload that i belongs to.
func (i *Instance) sameWorkload(d *Deployment) bool {
	first := d.first()
	return i.owned() && first != nil && first.Workload() == i.Workload() && first.Pod.Namespace == i.Pod.Namespace
}

// Workload is what the pod belongs to, such as statefulset/redis, or the pod
// itself, as far as its owner references tell.
func (i *Instance) Workload() string {
	owner := metav1.GetControllerOf(i.Pod)
	if owner == nil || owner.Kind == "Node" {
		return "pod/" + i.Pod.Name
	}
	kind, name := strings.ToLower(owner.Kind), owner.Name
	if hash := i.Pod.Labels["pod-template-hash"]; hash != "" && owner.Kind == "ReplicaSet" {
		if of, ok := strings.CutSuffix(name, "-"+hash); ok {
			kind, name = "deployment", of
		}
	}
	return kind + "/" + name
}

func (i *Instance) owned() bool { return !strings.HasPrefix(i.Workload(), "pod/") }

// name calls each deployment after the workload of its first node. Where several
// would have one name, they are independent pods of one workload, and each is
// called after its pod.
func name(all []*Deployment) {
	count := map[string]int{}
	for _, d := range all {
		if i := d.first(); i != nil {
			d.Name = i.Workload()
			count[i.Pod.Namespace+"/"+d.Name]++
		}
	}
	for _, d := range all {
		if i := d.first(); i != nil && count[i.Pod.Namespace+"/"+d.Name] > 1 {
			d.Name = "pod/" + i.Pod.Name
		}
	}
}

func (d *Deployment) first() *Instance {
	for _, i := range slices.Concat(d.Instances(), d.Locked) {
		if i.Pod != nil {
			return i
		}
	}
	return nil
}

// replicaSet is a primary and its replicas, or a server alone.
func replicaSet(nodes []*Instance) *Deployment {
	primaryFirst(nodes)
	d := &Deployment{Mode: Standalone, Shards: []Shard{{Nodes: nodes}}}
	s := &d.Shards[0]
	primary := s.Primary()
	if primary == nil {
		r := nodes[0].Server.Replication
		s.Absent = append(s.Absent, fmt.Sprintf("no pod answers as the primary %s", joinHostPort(r.PrimaryHost, r.PrimaryPort)))
	} else {
		s.Absent = absentReplicas(primary, nodes[1:])
	}
	if len(nodes) > 1 || len(s.Absent) > 0 {
		d.Mode = Replicated
	}
	if nodes[0].Server.Mode == modeCluster {
		d.Mode = Cluster
		d.Notes = append(d.Notes, fmt.Sprintf("this is one node of a cluster that it does not describe: %v", nodes[0].Server.ClusterErr))
	}
	return d
}

// absentReplicas are those that the primary counts and no pod answered for. If it
// knows them by other addresses than we do, but all are here, none is absent.
func absentReplicas(primary *Instance, here []*Instance) (absent []string) {
	all := primary.Server.Replication.Replicas
	for _, r := range all {
		if !slices.ContainsFunc(here, func(n *Instance) bool { return n.Announces(r.Host, r.Port) }) {
			absent = append(absent, "no pod answers as the replica "+joinHostPort(r.Host, r.Port))
		}
	}
	if len(absent) > len(all)-len(here) {
		return nil
	}
	return absent
}

// Announces reports whether an address that another server knows is this
// instance's.
func (i *Instance) Announces(host string, port int) bool {
	return i.Pod != nil && i.At(host, port) || i.Endpoint.Addr == joinHostPort(host, port)
}

func primaryFirst(nodes []*Instance) {
	slices.SortStableFunc(nodes, func(a, b *Instance) int {
		rank := func(i *Instance) int {
			if i.Server.IsReplica() {
				return 1
			}
			return 0
		}
		return cmp.Compare(rank(a), rank(b))
	})
}

func joinHostPort(host string, port int) string { return net.JoinHostPort(host, fmt.Sprint(port)) }
