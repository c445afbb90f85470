package redisconn

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Server is what a server says about itself.
type Server struct {
	Flavour    string // redis, valkey, dragonfly, keydb
	Version    string
	RunID      string // changes with each start; "" if the server has none
	Mode       string // standalone, cluster, sentinel
	Role       string // master, slave
	UsedMemory int64  // bytes
	MaxMemory  int64  // bytes, 0 for no limit
	// ResidentMemory is what the kernel gave it, in bytes; 0 if not told.
	ResidentMemory int64
	EvictionPolicy string // maxmemory-policy
	Loading        bool   // reads its data; answers little
	Saving         bool   // forks or writes: RDB save or AOF rewrite in progress
	Databases      []Database

	Replication Replication
	// Cluster is the node's view of its cluster. It is nil for other modes, and if
	// the node did not tell: then ClusterErr says why.
	Cluster    *ClusterView
	ClusterErr error
	// Missing lists what this flavour and version cannot do; see the Lacks constants.
	Missing []string
}

// Database is one numbered database with keys in it.
type Database struct {
	DB      int
	Keys    int64 // what DBSIZE says
	Expires int64 // of them with a time to live; -1 if not told
}

// Keys is the number of keys in all databases.
func (s *Server) Keys() int64 {
	var n int64
	for _, d := range s.Databases {
		n += d.Keys
	}
	return n
}

// AllDatabases stands for every database that has keys.
const AllDatabases = -1

// Select is one database, whether it has keys or not, or AllDatabases.
func (s *Server) Select(db int) []Database {
	if db == AllDatabases {
		return s.Databases
	}
	for _, d := range s.Databases {
		if d.DB == db {
			return []Database{d}
		}
	}
	return []Database{{DB: db}}
}

// Inspect asks a server for all of this with one INFO, and a node of a cluster
// for its view of the others.
func Inspect(ctx context.Context, c *redis.Client) (*Server, error) {
	text, err := c.Info(ctx).Result()
	var connect *ConnectError
	if errors.As(err, &connect) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("asking the server for INFO: %w", err)
	}
	s, err := parseInfo(text)
	if err == nil && s.Mode == modeCluster {
		s.inspectCluster(ctx, c)
	}
	return s, err
}

// Modes of servers.
const (
	modeStandalone = "standalone"
	modeCluster    = "cluster"
	modeSentinel   = "sentinel"
)

func parseInfo(text string) (*Server, error) {
	fields := map[string]string{}
	s := &Server{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok {
			continue
		}
		fields[name] = value
		if n, ok := strings.CutPrefix(name, "db"); ok {
			s.addDatabase(n, value)
		}
	}
	s.Flavour, s.Version = flavour(fields)
	if s.Version == "" {
		return nil, fmt.Errorf("%w: its INFO names no version", ErrNotRedis)
	}
	s.RunID, s.Mode, s.Role = fields["run_id"], fields["redis_mode"], fields["role"]
	if s.Mode == "" {
		s.Mode = fields["server_mode"]
	}
	s.UsedMemory, s.MaxMemory = number(fields["used_memory"], 0), number(fields["maxmemory"], 0)
	s.ResidentMemory, s.EvictionPolicy = number(fields["used_memory_rss"], 0), fields["maxmemory_policy"]
	s.Loading = fields["loading"] == "1" || fields["async_loading"] == "1"
	s.Saving = fields["rdb_bgsave_in_progress"] == "1" || fields["aof_rewrite_in_progress"] == "1"
	s.Replication = parseReplication(fields)
	s.Missing = missing(s.Flavour, s.Version)
	sort.Slice(s.Databases, func(i, j int) bool { return s.Databases[i].DB < s.Databases[j].DB })
	return s, nil
}

// number reads an integer; otherwise is the value of a field that is not there.
func number(text string, otherwise int64) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

// flavour looks for the forks' own fields first: all of them also give a
// redis_version, the one they are compatible with. KeyDB has but a section of its own
// and no version besides that.
func flavour(fields map[string]string) (name, version string) {
	for _, fork := range []string{"valkey", "dragonfly"} {
		if v := fields[fork+"_version"]; v != "" {
			return fork, strings.TrimPrefix(v, "df-")
		}
	}
	if name := fields["server_name"]; name != "" && name != "redis" {
		return name, fields["redis_version"]
	}
	if _, ok := fields["mvcc_depth"]; ok {
		return "keydb", fields["redis_version"]
	}
	return "redis", fields["redis_version"]
}

// addDatabase reads a line such as db0:keys=12,expires=3,avg_ttl=0.
func (s *Server) addDatabase(number, value string) {
	db, err := strconv.Atoi(number)
	if err != nil {
		return
	}
	d := Database{DB: db, Expires: -1}
	for part := range strings.SplitSeq(value, ",") {
		name, figure, _ := strings.Cut(part, "=")
		n, err := strconv.ParseInt(figure, 10, 64)
		switch {
		case err != nil:
		case name == "keys":
			d.Keys = n
		case name == "expires":
			d.Expires = n
		}
	}
	if d.Keys > 0 {
		s.Databases = append(s.Databases, d)
	}
}
