package accounting

import (
	"fmt"
	"strings"
)

// IDs of items, in the order in which they appear.
const (
	Startup     = "startup"
	Clients     = "clients"
	Replication = "replication"
	Cluster     = "cluster"
	AOF         = "aof"
	Scripts     = "scripts"
	Commands    = "commands"
	Tables      = "tables"
	Expires     = "expires"
	Keys        = "keys"
	Rounding    = "rounding"
	Excess      = "excess"
	Residual    = "residual"
)

// overheads are the parts that the server names itself. Each is one figure of
// MEMORY STATS, or several, or one of INFO memory where MEMORY STATS is missing.
// Replicas' buffers beyond the backlog are clients.slaves, so that the two never
// overlap, whether they share memory (since 7.0) or not.
var overheads = []struct {
	id, label string
	stats     []string
	info      []string
}{
	{Startup, "empty server", []string{"startup.allocated"}, []string{"used_memory_startup"}},
	{Clients, "clients", []string{"clients.normal"}, []string{"mem_clients_normal"}},
	{Replication, "replication", []string{"clients.slaves", "replication.backlog"}, []string{"mem_clients_slaves", "mem_replication_backlog"}},
	{Cluster, "cluster bus", []string{"cluster.links"}, []string{"mem_cluster_links"}},
	{AOF, "append-only file", []string{"aof.buffer"}, []string{"mem_aof_buffer"}},
	{Scripts, "scripts and functions", []string{"lua.caches", "functions.caches"}, []string{"used_memory_scripts"}},
}

// overheads adds what is known. What a version does not tell has no line.
func (b *book) overheads() {
	for _, o := range overheads {
		source := "MEMORY STATS "
		sum, names := b.sum(o.stats)
		if names == nil {
			source = "INFO memory "
			sum, names = b.sum(o.info)
		}
		if names != nil {
			b.add(o.id, o.label, sum, source+strings.Join(names, " + "))
		}
	}
}

// commands are histograms of latencies, which servers since 7.0 keep for each
// command that was ever called, and do not account for.
func (b *book) commands() {
	if n, ok := b.figure(histograms); ok {
		b.add(Commands, "latencies of commands", n*histogram, fmt.Sprintf("%d bytes for each of %d lines of INFO latencystats", histogram, n))
	}
}

// sum adds those of the figures that there are; names is nil if there are none.
func (s *Snapshot) sum(of []string) (total int64, names []string) {
	for _, name := range of {
		if n, ok := s.figure(name); ok {
			total += n
			names = append(names, name)
		}
	}
	return total, names
}

// tables adds the hash tables of databases without what MEMORY USAGE counts too.
func (b *book) tables() {
	l := b.layout()
	keys := b.count()
	main, known := b.figure(mainTables)
	switch {
	case known && l.known:
		b.add(Tables, "tables of keys", main-l.counted*keys+b.slots(keys), "MEMORY STATS overhead.hashtable.main without the entries that MEMORY USAGE counts")
		if n, ok := b.figure(expiresTables); ok {
			b.add(Expires, "tables of times to live", n, "MEMORY STATS overhead.hashtable.expires")
		}
		return
	case known:
		if n, ok := b.figure("overhead.db.hashtable.lut"); ok {
			b.add(Tables, "tables of keys and times to live", n, "MEMORY STATS overhead.db.hashtable.lut")
			b.note("this version's tables are not known in detail, so a part of them is in what is not explained")
			return
		}
	}
	all, ok := b.figure("used_memory_overhead")
	if !ok || !l.known {
		b.note("the server does not tell how big its tables of keys are: they are part of what is not explained")
		return
	}
	for _, i := range b.ledger.Items {
		if i.ID != Commands {
			all -= i.Bytes
		}
	}
	b.add(Tables, "tables of keys and times to live", all-l.counted*keys, "INFO memory used_memory_overhead without the items above and the entries that MEMORY USAGE counts")
}

// slots is the map from slots to keys of a cluster's node, without what MEMORY
// USAGE counts of it for each key.
func (b *book) slots(keys int64) int64 {
	n, ok := b.figure(slotTables)
	if !ok {
		return 0
	}
	return max(n-b.layout().slotted*keys, 0)
}
