package advice

import (
	"fmt"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/output"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// Thresholds of the rules about groups.
const (
	fewSamples = 20        // sampled keys below which a group's details say nothing
	mostNoTTL  = 0.9       // share of sampled keys without TTL
	tinyBytes  = 100       // average of tiny keys
	unusedFor  = 7 * 86400 // seconds without a use
	mostUnused = 0.5       // share of sampled keys that nobody has used for that long
	looseShare = 0.5       // share of sampled keys in an encoding for big collections
	smallSize  = 4 << 10   // median of collections that a compact encoding could hold
)

func ofGroup(g report.Group) (list []report.Advice) {
	if d := g.Detail; d != nil && d.Sampled >= fewSamples {
		list = append(list, ofDetails(g, d)...)
	}
	if g.Sized > 0 && g.Avg < tinyBytes {
		list = append(list, report.Advice{ID: "tiny-keys", Severity: "note", Pattern: g.Pattern, Title: "keys of " + g.Pattern + " are tiny",
			Why:  fmt.Sprintf("%d keys of %d B on average: much of that is the server's overhead of each key", g.Keys, g.Avg),
			What: "consider hashes that hold many of them in one key"})
	}
	return list
}

func ofDetails(g report.Group, d *report.Details) (list []report.Advice) {
	of := func(n int64) string { return fmt.Sprintf("%d of %d sampled keys", n, d.Sampled) }
	most := func(n int64, share float64) bool { return float64(n) >= share*float64(d.Sampled) }
	unused := int64(0)
	for _, b := range d.Idle {
		if b.From >= unusedFor {
			unused += b.Count
		}
	}
	switch {
	case most(unused, mostUnused):
		list = append(list, report.Advice{ID: "unused", Severity: "look", Pattern: g.Pattern, Title: "keys of " + g.Pattern + " are not used",
			Why:  fmt.Sprintf("nobody has used %s for a week; %s never expire; the pattern has %s", of(unused), of(d.NoTTL), output.Bytes(g.Bytes)),
			What: "ask their owner whether they are needed; a replica does not see what is read elsewhere"})
	case most(d.NoTTL, mostNoTTL):
		list = append(list, report.Advice{ID: "no-ttl", Severity: "look", Pattern: g.Pattern, Title: "keys of " + g.Pattern + " never expire",
			Why:  fmt.Sprintf("%s have no TTL; the pattern has %s", of(d.NoTTL), output.Bytes(g.Bytes)),
			What: "if it is a cache, let its writer set a TTL"})
	}
	for _, e := range loose {
		if n := d.Encodings[e.encoding]; most(n, looseShare) && g.P50 > 0 && g.P50 <= smallSize {
			list = append(list, report.Advice{ID: "encoding-limit", Severity: "note", Pattern: g.Pattern,
				Title: "keys of " + g.Pattern + " just miss the compact encoding",
				Why: fmt.Sprintf("%s are %s though half of them take %s at most: a %s of few short elements is a compact list",
					of(n), e.encoding, output.Bytes(g.P50), kind(e.encoding)),
				What: "compare their elements with " + e.settings + ": a higher limit trades memory for CPU"})
		}
	}
	return list
}

// loose are the encodings of big collections, and the settings that say what is
// big (redis.conf; -listpack- was -ziplist- before Redis 7).
var loose = []struct{ encoding, settings string }{
	{"hash/hashtable", "hash-max-listpack-entries and hash-max-listpack-value"},
	{"zset/skiplist", "zset-max-listpack-entries and zset-max-listpack-value"},
	{"set/hashtable", "set-max-listpack-entries, set-max-listpack-value and set-max-intset-entries"},
}

func kind(encoding string) string { k, _, _ := strings.Cut(encoding, "/"); return k }
