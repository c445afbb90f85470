package redisconn

import (
	"fmt"
	"strings"
	"time"
)

// Replication is what INFO says about a primary's replicas or a replica's
// primary.
type Replication struct {
	ID string // master_replid: the same for a primary and all of its replicas

	// Of a replica.
	PrimaryHost string // as it was told or announced: an IP or a name
	PrimaryPort int
	LinkUp      bool
	Syncing     bool          // copies the whole data set
	Silence     time.Duration // since the primary was last heard, -1 if never
	Offset      int64         // of the stream of changes, of either role

	Replicas []Replica // of a primary
}

// Replica is a replica as its primary sees it.
type Replica struct {
	Host   string // an IP or a name
	Port   int
	State  string // online when in step
	Offset int64
	Lag    time.Duration // since it last acknowledged
}

const roleReplica = "slave"

// IsReplica reports whether the server copies another one. An active-replica of
// KeyDB is written to as a primary is, and counts as one.
func (s *Server) IsReplica() bool { return s.Role == roleReplica || s.Role == "replica" }

func parseReplication(fields map[string]string) Replication {
	r := Replication{
		ID: fields["master_replid"], PrimaryHost: fields["master_host"], PrimaryPort: int(number(fields["master_port"], 0)),
		LinkUp: fields["master_link_status"] == "up", Syncing: fields["master_sync_in_progress"] == "1",
		Silence: -1, Offset: number(fields["master_repl_offset"], 0),
	}
	if n := number(fields["master_last_io_seconds_ago"], -1); n >= 0 {
		r.Silence = time.Duration(n) * time.Second
	}
	if own, ok := fields["slave_repl_offset"]; ok {
		r.Offset = number(own, 0)
	}
	for i := 0; ; i++ {
		line, ok := fields[fmt.Sprintf("slave%d", i)]
		if !ok {
			return r
		}
		r.Replicas = append(r.Replicas, parseReplica(line))
	}
}

// parseReplica reads ip=10.0.0.1,port=6379,state=online,offset=14,lag=1.
func parseReplica(line string) (r Replica) {
	for part := range strings.SplitSeq(line, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "ip":
			r.Host = value
		case "port":
			r.Port = int(number(value, 0))
		case "state":
			r.State = value
		case "offset":
			r.Offset = number(value, 0)
		case "lag":
			r.Lag = time.Duration(number(value, 0)) * time.Second
		}
	}
	return r
}
