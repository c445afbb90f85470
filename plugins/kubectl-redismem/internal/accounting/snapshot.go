package accounting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Snapshot is what a server says of its memory at one time. Take makes it.
type Snapshot struct {
	Notes   []string // what could not be read, and why
	figures map[string]int64
	text    map[string]string // fields of INFO that are no whole numbers
}

// Figures that are sums over databases, or are read out of prose.
const (
	mainTables      = "sum of overhead.hashtable.main"
	expiresTables   = "sum of overhead.hashtable.expires"
	slotTables      = "sum of overhead.hashtable.slot-to-keys"
	keyspaceKeys    = "keys of INFO keyspace"
	keyspaceExpires = "expires of INFO keyspace"
	quantum         = "quantum"
	histograms      = "lines of INFO latencystats"
)

// Take asks a server, in one round trip. What it refuses or does not know is missing
// and noted. The error is about the first question, if none was answered.
func Take(ctx context.Context, c *redis.Client) (*Snapshot, error) {
	s := &Snapshot{figures: map[string]int64{}, text: map[string]string{}}
	pipe := c.Pipeline()
	info, commands := pipe.Info(ctx), pipe.Info(ctx, "latencystats")
	stats, malloc := pipe.Do(ctx, "MEMORY", "STATS"), pipe.Do(ctx, "MEMORY", "MALLOC-STATS")
	_, _ = pipe.Exec(ctx) // each answer has its own error
	if info.Err() == nil {
		s.info(info.Val())
	}
	if commands.Err() == nil {
		s.commands(commands.Val())
	}
	if stats.Err() == nil {
		s.stats(stats.Val())
	}
	text, err := malloc.Text()
	if err == nil {
		s.malloc(text)
	}
	if ctx.Err() != nil || len(s.figures) == 0 {
		return nil, fmt.Errorf("asking for INFO: %w", cmp.Or(info.Err(), ctx.Err(), errNothing))
	}
	for _, q := range []struct {
		name string
		err  error
	}{{"INFO", info.Err()}, {"INFO latencystats", commands.Err()}, {"MEMORY STATS", stats.Err()}, {"MEMORY MALLOC-STATS", err}} {
		if q.err != nil {
			s.Notes = append(s.Notes, q.name+" is missing: "+reason(q.err))
		}
	}
	return s, nil
}

var errNothing = errors.New("the answer holds no figures")

// reason is why a question was not answered, without what the server repeats of it.
func reason(err error) string {
	var refusal redis.Error
	if !errors.As(err, &refusal) {
		return err.Error()
	}
	code, rest, _ := strings.Cut(refusal.Error(), " ")
	if code == "ERR" && strings.Contains(strings.ToLower(rest), "unknown") {
		return "the server does not know it"
	}
	return "the server answers " + code
}

func (s *Snapshot) info(text string) {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			s.figures[name] = n
		} else {
			s.text[name] = value
		}
		if strings.HasPrefix(name, "db") && strings.HasPrefix(value, "keys=") {
			s.database(value)
		}
	}
	// A server without keys names no database.
	if strings.Contains(text, "# Keyspace") {
		s.figures[keyspaceKeys] += 0
		s.figures[keyspaceExpires] += 0
	}
}

// database adds up a line such as keys=3,expires=1,avg_ttl=0.
func (s *Snapshot) database(line string) {
	for field := range strings.SplitSeq(line, ",") {
		name, value, _ := strings.Cut(field, "=")
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && (name == "keys" || name == "expires") {
			s.figures[name+" of INFO keyspace"] += n
		}
	}
}

// commands counts the commands whose latencies are kept. A server that keeps none
// does not know the section, and answers with nothing.
func (s *Snapshot) commands(text string) {
	if strings.Contains(text, "# Latencystats") {
		s.figures[histograms] = int64(strings.Count(text, "latency_percentiles_usec_"))
	}
}

func (s *Snapshot) stats(reply any) {
	var databases bool
	for name, value := range pairs(reply) {
		if n, ok := value.(int64); ok {
			s.figures[name] = n
			continue
		}
		if !strings.HasPrefix(name, "db.") {
			continue
		}
		for part, value := range pairs(value) {
			if n, ok := value.(int64); ok {
				databases = true
				s.figures["sum of "+part] += n
			}
		}
	}
	// Databases without keys have no tables to speak of, and are not listed.
	if n, ok := s.figures["keys.count"]; ok && n == 0 && !databases {
		s.figures[mainTables], s.figures[expiresTables] = 0, 0
	}
}

// pairs reads a map, which RESP2 sends as a list.
func pairs(reply any) map[string]any {
	out := map[string]any{}
	switch r := reply.(type) {
	case map[any]any:
		for k, v := range r {
			if k, ok := k.(string); ok {
				out[k] = v
			}
		}
	case []any:
		for i := 0; i+1 < len(r); i += 2 {
			if k, ok := r[i].(string); ok {
				out[k] = r[i+1]
			}
		}
	}
	return out
}

var quantumLine = regexp.MustCompile(`(?m)^\s*Quantum size:\s*([0-9]+)`)

func (s *Snapshot) malloc(text string) {
	if m := quantumLine.FindStringSubmatch(text); m != nil {
		if n, err := strconv.ParseInt(m[1], 10, 64); err == nil && n > 0 {
			s.figures[quantum] = n
		}
	}
}

func (s *Snapshot) figure(name string) (int64, bool) {
	n, ok := s.figures[name]
	return n, ok
}

// Used is the server's used memory in bytes. Where MEMORY STATS was read it is from
// there: of the same moment as the parts.
func (s *Snapshot) Used() (int64, bool) {
	if n, ok := s.figure("total.allocated"); ok {
		return n, true
	}
	return s.figure("used_memory")
}

func (s *Snapshot) valkey() bool { return s.text["valkey_version"] != "" }

func (s *Snapshot) version() (major, minor int, ok bool) {
	v := s.text["valkey_version"]
	if v == "" {
		v = s.text["redis_version"]
	}
	n, _ := fmt.Sscanf(v, "%d.%d", &major, &minor)
	return major, minor, n == 2
}
