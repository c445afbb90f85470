// Package report is what redismem finds out, as data: the versioned kinds that
// -o json and yaml write, and that every other format is made from.
//
// All sizes are bytes and all durations seconds. What is estimated says so: a
// figure and the half-width of its 95 % interval stand side by side, and the
// half-width is 0 where the figure is exact. Patterns and key names are printable
// whatever the keys contain; see pattern.AppendEscaped.
package report

import "time"

// APIVersion and the kinds begin every machine-readable report.
const (
	APIVersion = "redismem.kubectl-suite.dev/v1alpha1"
	Kind       = "MemoryReport"
)

// Report says which patterns of keys take how much memory. Groups and Other
// always add up to Totals.
type Report struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Source     Source   `json:"source"`
	Servers    []Server `json:"servers"` // that were scanned, one for each shard
	Totals     Figures  `json:"totals"`
	Coverage   Coverage `json:"coverage"`
	Sampling   Sampling `json:"sampling"`
	Groups     []Group  `json:"groups"` // pinned ones first, then by bytes, the largest first
	Other      Other    `json:"other"`
	Accounting *Ledger  `json:"accounting,omitempty"` // nil if no server tells
	Cost       Cost     `json:"cost"`
	Biggest    []Key    `json:"biggestKeys,omitempty"`
	Advice     []Advice `json:"advice,omitempty"`
	Owners     *Owners  `json:"owners,omitempty"` // nil unless asked for
}

// Source is where the servers were found.
type Source struct {
	Name      string `json:"name"` // for people: statefulset/redis, pod/redis-0, localhost:6379
	Context   string `json:"context,omitempty"`
	Namespace string `json:"namespace,omitempty"`
}

// Server is one that was scanned, or one that should have been.
type Server struct {
	Address         string   `json:"address"` // pod/redis-0:6379
	Pod             string   `json:"pod,omitempty"`
	Flavour         string   `json:"flavour"` // redis, valkey, keydb, dragonfly
	Version         string   `json:"version"`
	Mode            string   `json:"mode"` // standalone, cluster
	Role            string   `json:"role"` // master, slave
	RunID           string   `json:"runID"`
	Shard           string   `json:"shard,omitempty"` // slot ranges such as 0-5460, of a cluster
	UsedMemory      int64    `json:"usedMemoryBytes"`
	ResidentMemory  int64    `json:"residentMemoryBytes"` // 0: not told
	MaxMemory       int64    `json:"maxMemoryBytes"`      // 0: no limit
	EvictionPolicy  string   `json:"evictionPolicy,omitempty"`
	Keys            int64    `json:"keys"` // that it says it has
	MissingFeatures []string `json:"missingFeatures,omitempty"`
}

// Figures describe a set of keys.
type Figures struct {
	Keys  int64 `json:"keys"`
	Bytes int64 `json:"bytes"`
	Min   int64 `json:"minBytes"` // of the keys that were sized
	Max   int64 `json:"maxBytes"`
	Avg   int64 `json:"avgBytes"`
	// Half-widths of 95 % intervals; 0 means exact.
	KeysError  int64 `json:"keysError"`
	BytesError int64 `json:"bytesError"`
	Sized      int64 `json:"keysSized"` // of which the size was asked
	P50        int64 `json:"p50Bytes"`  // within a factor of 2^¼, from a histogram
	P99        int64 `json:"p99Bytes"`
}

// Group is one pattern of keys.
type Group struct {
	Pattern string   `json:"pattern"` // a glob: session:*:cart
	Shape   string   `json:"shape"`   // the same with what stands for *: session:<uuid>:cart
	Path    []string `json:"path"`    // the pattern's parts, for hierarchies: session:, *:, cart
	Figures
	Pinned bool     `json:"pinned"`
	Sizes  []Bin    `json:"sizes,omitempty"` // distribution of sizes
	Detail *Details `json:"details,omitempty"`
}

// Bin is one bar of a distribution: the things from its lower bound up to, and
// without, the next bin's.
type Bin struct {
	From  int64 `json:"from"` // bytes or seconds
	Count int64 `json:"count"`
	Bytes int64 `json:"bytes,omitempty"`
}

// Details are known from a sample of a group's keys. Counts are of sampled keys.
type Details struct {
	Sampled   int64            `json:"sampled"`
	Types     map[string]int64 `json:"types,omitempty"`
	Encodings map[string]int64 `json:"encodings,omitempty"`
	NoTTL     int64            `json:"withoutTTL"`
	TTL       []Bin            `json:"ttl,omitempty"`  // seconds left
	Idle      []Bin            `json:"idle,omitempty"` // seconds since the last access; empty where the server counts frequency instead
}

// Other is what the groups leave: smaller patterns together.
type Other struct {
	Figures
	Patterns int `json:"patterns"`
	// ErrorBound is the most bytes that any one pattern can have in here, or can
	// have lost to a * elsewhere, since names were merged to bound our own memory.
	ErrorBound int64 `json:"errorBoundBytes"`
}

// Coverage says how much of the servers the report is about. Keys that SCAN
// named are sized, sampled, vanished, foreign or unreadable; never silently absent.
type Coverage struct {
	Complete   bool             `json:"complete"` // every database of every shard was walked to its end
	Reasons    []string         `json:"reasons,omitempty"`
	Databases  []Database       `json:"databases"`
	Missing    []string         `json:"missing,omitempty"` // shards that nobody could read, with why
	KeysBefore int64            `json:"keysBefore"`
	KeysAfter  int64            `json:"keysAfter"` // -1 if nobody could say
	Seen       int64            `json:"keysSeen"`
	Vanished   int64            `json:"keysVanished"` // expired or deleted before their size was asked
	Foreign    int64            `json:"keysForeign"`  // of slots that the node does not own any more
	Unreadable int64            `json:"keysUnreadable"`
	Refusals   map[string]int64 `json:"refusals,omitempty"`
	Repeats    int64            `json:"keysRepeated"` // estimated; taken out of the figures if more than one in 1000
	Reconnects int              `json:"reconnects"`
	Restarts   int              `json:"restarts"` // shards begun again on another node
	Started    time.Time        `json:"startedAt"`
	Seconds    float64          `json:"durationSeconds"`
}

// Database is one numbered database of one server.
type Database struct {
	Server   string `json:"server"`
	DB       int    `json:"db"`
	Keys     int64  `json:"keys"` // seen
	Complete bool   `json:"complete"`
	Cursor   string `json:"cursor,omitempty"` // where a walk that is not complete ended
}

// Modes of sampling.
const (
	Full  = "off"   // every key was named and sized
	Sizes = "sizes" // every key was named, a part was sized
	Keys  = "keys"  // a random part of the keys was named and sized
)

// Sampling says what the figures rest on.
type Sampling struct {
	Mode       string   `json:"mode"` // off, sizes, keys
	Sized      int64    `json:"keysSized"`
	Confidence float64  `json:"confidence"`     // of the intervals, 0.95
	Samples    int      `json:"elementSamples"` // SAMPLES of MEMORY USAGE; 0 all, -1 the server's default
	Notes      []string `json:"notes,omitempty"`
}

// Ledger explains the servers' used memory, from the top down: Items add up to
// Used, the last of them being the residual.
type Ledger struct {
	Used     int64  `json:"usedMemoryBytes"`
	Items    []Item `json:"items"`
	Residual int64  `json:"residualBytes"` // what nobody can explain
	// Not part of used memory: what the allocator and the kernel add.
	Resident      int64    `json:"residentMemoryBytes"`
	Fragmentation float64  `json:"fragmentationRatio"`
	Notes         []string `json:"notes,omitempty"`
}

// Item is one line of the ledger.
type Item struct {
	ID     string `json:"id"` // startup, clients, replication, aof, scripts, tables, expires, keys, residual …
	Label  string `json:"label"`
	Bytes  int64  `json:"bytes"`
	Source string `json:"source"` // the field it comes from: MEMORY STATS startup.allocated
}

// Cost is what the scan did to the servers, as they tell themselves.
type Cost struct {
	ServerCPUSeconds float64  `json:"serverCPUSeconds"`    // of our own commands; -1 if not told
	ServerCPUShare   float64  `json:"serverCPUShare"`      // of one CPU, while scanning, the busiest server; -1 if not told
	LongestStall     float64  `json:"longestStallSeconds"` // longest of our own commands; -1 if not told
	Commands         int64    `json:"commands"`
	BytesSent        int64    `json:"bytesSent"`
	BytesReceived    int64    `json:"bytesReceived"`
	HitsAvoided      int64    `json:"keyspaceHitsAvoided"` // that TYPE for each key would have faked
	Throttled        float64  `json:"throttledSeconds"`
	ThrottledFor     []string `json:"throttledFor,omitempty"` // cpu, latency, replication lag, evictions, background save
	LatencyBefore    float64  `json:"latencyBeforeSeconds"`   // median of our own PINGs; 0: not measured
	LatencyDuring    float64  `json:"latencyP99Seconds"`
}

// Key is one key.
type Key struct {
	Name     string `json:"name"`
	DB       int    `json:"db"`
	Server   string `json:"server"`
	Bytes    int64  `json:"bytes"`
	Pattern  string `json:"pattern,omitempty"`
	Type     string `json:"type,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Elements int64  `json:"elements"`   // -1: not known
	TTL      int64  `json:"ttlSeconds"` // -1: none, -2: not known
}

// Advice is something to look at, never something that was changed.
type Advice struct {
	ID       string `json:"id"`       // no-ttl, big-collection, encoding-limit, tiny-keys, …
	Severity string `json:"severity"` // act, look, note
	Pattern  string `json:"pattern,omitempty"`
	Title    string `json:"title"`
	Why      string `json:"why"`  // with the figures it rests on
	What     string `json:"what"` // to do about it
	Saves    int64  `json:"mightSaveBytes,omitempty"`
}

// Owners are the workloads seen using keys.
type Owners struct {
	Seconds  float64  `json:"sampledSeconds"`
	Commands int64    `json:"commandsSeen"`
	Dropped  int64    `json:"commandsDropped"` // received, but beyond the bound
	Unknown  int64    `json:"commandsUnclear"` // of those seen: which keys they use, or whether these are all, is not known
	Groups   []Owner  `json:"groups"`          // with a user, in the report's order
	Other    []User   `json:"other,omitempty"` // of keys that belong to none of the groups
	Clients  []Client `json:"clients"`         // connected now, by workload
	Notes    []string `json:"notes,omitempty"`
}

// Owner says who uses a pattern's keys.
type Owner struct {
	Pattern string `json:"pattern"`
	Users   []User `json:"users"`
}

// User is a workload's share of the commands on a pattern.
type User struct {
	Workload string `json:"workload"` // deployment/shop in namespace prod, or an address
	Reads    int64  `json:"reads"`
	Writes   int64  `json:"writes"`
}

// Client is one workload's connections.
type Client struct {
	Workload    string `json:"workload"`
	Connections int    `json:"connections"`
	Memory      int64  `json:"memoryBytes"` // -1: not told
}

// Share is the part of the keys that was seen, from 0 to 1.
func (c Coverage) Share() float64 {
	expected := max(c.KeysBefore, c.Seen)
	if expected == 0 || c.Complete {
		return 1
	}
	return float64(c.Seen) / float64(expected)
}
