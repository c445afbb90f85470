package pace

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// slowest looks for the scan's commands among the server's slow ones since start.
func slowest(ctx context.Context, conn *redis.Conn, start time.Time) time.Duration {
	const entries = 64
	logs, err := conn.SlowLogGet(ctx, entries).Result()
	if err != nil {
		return Unknown
	}
	longest := time.Duration(Unknown)
	for _, l := range logs {
		if l.Time.Before(start.Truncate(time.Second)) || len(l.Args) == 0 || l.ClientName != clientName {
			continue
		}
		if name := strings.ToLower(l.Args[0]); name == "scan" || name == "memory" {
			longest = max(longest, l.Duration)
		}
	}
	return longest
}

// clientName is what the connections of redismem call themselves.
const clientName = "kubectl-redismem"
