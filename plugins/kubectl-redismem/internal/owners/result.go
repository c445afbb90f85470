package owners

import (
	"cmp"
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// result puts the counts under the names of workloads, without our own.
func (w *watcher) result() *report.Owners {
	o := &report.Owners{Seconds: w.seconds, Dropped: w.dropped, Groups: []report.Owner{}, Clients: []report.Client{}}
	groups := map[int][]report.User{}
	for addr, c := range w.seen {
		if w.ours[addr] {
			continue
		}
		o.Commands += c.commands
		o.Unknown += c.unknown
		name := w.workload(addr)
		for g, u := range c.uses {
			groups[g] = append(groups[g], report.User{Workload: name, Reads: u.reads, Writes: u.writes})
		}
	}
	for i, g := range w.Groups {
		if len(groups[i]) > 0 {
			o.Groups = append(o.Groups, report.Owner{Pattern: g, Users: mergeUsers(groups[i])})
		}
	}
	o.Other = mergeUsers(groups[other])
	for _, c := range w.clients {
		if !w.ours[c.addr] {
			o.Clients = append(o.Clients, report.Client{Workload: w.workload(c.addr), Connections: 1, Memory: c.memory})
		}
	}
	o.Clients = mergeClients(o.Clients)
	w.remarks(o)
	o.Notes = w.notes
	return o
}

func (w *watcher) remarks(o *report.Owners) {
	if w.why != "" {
		w.note("watching ended after %.1f s of %.0f s: %s", w.seconds, w.For.Seconds(), w.why)
	}
	if w.replica {
		w.note("this server is a replica: writes come from its primary, so who made them shows only there")
	}
	if o.Unknown > 0 {
		w.note("of %d commands it is not known which keys they use, or not all", o.Unknown)
	}
}

// Combine puts together what was seen on several servers. Times are the longest.
// Nil ones are left out; of none the result is nil.
func Combine(all []*report.Owners) *report.Owners {
	var sum *report.Owners
	for _, o := range all {
		if o == nil {
			continue
		}
		if sum == nil {
			sum = &report.Owners{Groups: []report.Owner{}, Clients: []report.Client{}}
		}
		sum.Seconds = max(sum.Seconds, o.Seconds)
		sum.Commands += o.Commands
		sum.Dropped += o.Dropped
		sum.Unknown += o.Unknown
		for _, g := range o.Groups {
			i := slices.IndexFunc(sum.Groups, func(s report.Owner) bool { return s.Pattern == g.Pattern })
			if i < 0 {
				i = len(sum.Groups)
				sum.Groups = append(sum.Groups, report.Owner{Pattern: g.Pattern})
			}
			sum.Groups[i].Users = mergeUsers(slices.Concat(sum.Groups[i].Users, g.Users))
		}
		sum.Other = mergeUsers(slices.Concat(sum.Other, o.Other))
		sum.Clients = mergeClients(slices.Concat(sum.Clients, o.Clients))
		for _, n := range o.Notes {
			if !slices.Contains(sum.Notes, n) {
				sum.Notes = append(sum.Notes, n)
			}
		}
	}
	return sum
}

// mergeUsers adds up users of one name, the busiest first.
func mergeUsers(users []report.User) []report.User {
	merged := merge(users, func(u report.User) string { return u.Workload }, func(to *report.User, u report.User) {
		to.Reads += u.Reads
		to.Writes += u.Writes
	})
	slices.SortFunc(merged, func(a, b report.User) int {
		return cmp.Or(cmp.Compare(b.Reads+b.Writes, a.Reads+a.Writes), cmp.Compare(a.Workload, b.Workload))
	})
	return merged
}

// mergeClients adds up connections of one name, the most memory first. Memory is
// unknown where that of any connection is.
func mergeClients(clients []report.Client) []report.Client {
	merged := merge(clients, func(c report.Client) string { return c.Workload }, func(to *report.Client, c report.Client) {
		to.Connections += c.Connections
		if to.Memory < 0 || c.Memory < 0 {
			to.Memory = -1
		} else {
			to.Memory += c.Memory
		}
	})
	slices.SortFunc(merged, func(a, b report.Client) int {
		return cmp.Or(cmp.Compare(b.Memory, a.Memory), cmp.Compare(b.Connections, a.Connections), cmp.Compare(a.Workload, b.Workload))
	})
	return merged
}

// merge adds up what has the same name, in the order of first appearance.
func merge[T any](list []T, name func(T) string, add func(to *T, o T)) []T {
	merged := []T{}
	at := map[string]int{}
	for _, o := range list {
		if i, ok := at[name(o)]; ok {
			add(&merged[i], o)
			continue
		}
		at[name(o)] = len(merged)
		merged = append(merged, o)
	}
	return merged
}
