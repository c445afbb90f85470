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
	Databases  []Database
}

// Database is one numbered database with keys in it.
type Database struct {
	DB   int
	Keys int64 // what DBSIZE says
}

// Keys is the number of keys in all databases.
func (s *Server) Keys() int64 {
	var n int64
	for _, d := range s.Databases {
		n += d.Keys
	}
	return n
}

// Inspect asks a server for all of this with one INFO.
func Inspect(ctx context.Context, c *redis.Client) (*Server, error) {
	text, err := c.Info(ctx).Result()
	var connect *ConnectError
	if errors.As(err, &connect) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("asking the server for INFO: %w", err)
	}
	return parseInfo(text)
}

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
	s.UsedMemory, _ = strconv.ParseInt(fields["used_memory"], 10, 64)
	s.MaxMemory, _ = strconv.ParseInt(fields["maxmemory"], 10, 64)
	sort.Slice(s.Databases, func(i, j int) bool { return s.Databases[i].DB < s.Databases[j].DB })
	return s, nil
}

// flavour looks for the forks' own fields first: all of them also give a
// redis_version, the one they are compatible with.
func flavour(fields map[string]string) (name, version string) {
	for _, fork := range []string{"valkey", "dragonfly", "keydb"} {
		if v := fields[fork+"_version"]; v != "" {
			return fork, strings.TrimPrefix(v, "df-")
		}
	}
	if name := fields["server_name"]; name != "" && name != "redis" {
		return name, fields["redis_version"]
	}
	return "redis", fields["redis_version"]
}

// addDatabase reads a line such as db0:keys=12,expires=3,avg_ttl=0.
func (s *Server) addDatabase(number, value string) {
	db, err := strconv.Atoi(number)
	if err != nil {
		return
	}
	for part := range strings.SplitSeq(value, ",") {
		if keys, ok := strings.CutPrefix(part, "keys="); ok {
			n, err := strconv.ParseInt(keys, 10, 64)
			if err == nil && n > 0 {
				s.Databases = append(s.Databases, Database{DB: db, Keys: n})
			}
			return
		}
	}
}
