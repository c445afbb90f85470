package pace

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// sample is what the server said of itself at one time.
type sample struct {
	at       time.Time
	hasStats bool  // it tells what its commands take
	calls    int64 // of SCAN and MEMORY USAGE, by anybody
	usec     int64
	others   int64 // commands that a scan does not use, by anybody
	aside    int64 // of those, ours
	ops      int64 // a second
	evicted  int64
	used     int64
	limit    int64 // maxmemory, 0 if none
	saving   bool
	lagging  bool
}

func (s *sample) nearlyFull() bool { return s.limit > 0 && s.used > s.limit-s.limit/20 }

var sections = []string{"commandstats", "stats", "memory", "persistence", "replication"}

// patience with a server that does not answer. A scan that is interrupted waits for
// no more than that.
const patience = 2 * time.Second

// look asks the server; nil if it tells nothing at all.
func look(ctx context.Context, conn *redis.Conn) *sample {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pipe := conn.Pipeline()
	answers := make([]*redis.StringCmd, len(sections))
	for i, section := range sections {
		answers[i] = pipe.Info(ctx, section)
	}
	_, _ = pipe.Exec(ctx) // each answer has its own error
	s := &sample{at: time.Now()}
	told := false
	for i, a := range answers {
		if text, err := a.Result(); err == nil {
			told = true
			s.hasStats = s.hasStats || sections[i] == "commandstats" && strings.Contains(text, "cmdstat_")
			s.read(text)
		}
	}
	if !told {
		return nil
	}
	return s
}

// lateFrom seconds without a word from the primary, or to it, a replica lags behind.
const lateFrom = 5

func (s *sample) read(text string) {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		if command, ok := strings.CutPrefix(name, "cmdstat_"); ok && !ours(command) {
			s.others += number(field(value, "calls"))
		}
		if strings.HasPrefix(name, "slave") { // slave0:ip=…,lag=1; other fields have no lag
			s.lagging = s.lagging || number(field(value, "lag")) > lateFrom
		}
		switch name {
		case "cmdstat_scan", "cmdstat_memory", "cmdstat_memory|usage":
			s.calls += number(field(value, "calls"))
			s.usec += number(field(value, "usec"))
		case "instantaneous_ops_per_sec":
			s.ops = number(value)
		case "evicted_keys":
			s.evicted = number(value)
		case "used_memory":
			s.used = number(value)
		case "maxmemory":
			s.limit = number(value)
		case "rdb_bgsave_in_progress", "aof_rewrite_in_progress":
			s.saving = s.saving || value == "1"
		case "master_link_status":
			s.lagging = s.lagging || value == "down"
		case "master_last_io_seconds_ago":
			s.lagging = s.lagging || number(value) > lateFrom
		}
	}
}

// ours reports whether redismem itself sends a command. The server's replicas send
// some of the rest.
func ours(command string) bool {
	command, _, _ = strings.Cut(command, "|")
	switch command {
	case "scan", "memory", "info", "ping", "select", "hello", "auth", "client", "readonly", "slowlog",
		"cluster", "acl", "config", "command", "psync", "replconf":
		return true
	}
	return false
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// field takes usec out of calls=1,usec=2.
func field(list, name string) string {
	for part := range strings.SplitSeq(list, ",") {
		if value, ok := strings.CutPrefix(part, name+"="); ok {
			return value
		}
	}
	return ""
}
