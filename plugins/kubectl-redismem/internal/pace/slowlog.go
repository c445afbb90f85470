package pace

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const slowEntries = 64

// newest is the ID of the latest entry of the server's SLOWLOG, -1 if there is none.
func newest(ctx context.Context, conn *redis.Conn) int64 {
	logs, err := conn.SlowLogGet(ctx, 1).Result()
	if err != nil || len(logs) == 0 {
		return -1
	}
	return logs[0].ID
}

// slowest looks for the scan's commands among the server's slow ones after an entry.
func slowest(ctx context.Context, conn *redis.Conn, clientName string, after int64) time.Duration {
	logs, err := conn.SlowLogGet(ctx, slowEntries).Result()
	if err != nil {
		return Unknown
	}
	longest := time.Duration(Unknown)
	for _, l := range logs {
		if l.ID <= after || len(l.Args) == 0 || l.ClientName != clientName {
			continue
		}
		if name := strings.ToLower(l.Args[0]); name == "scan" || name == "memory" {
			longest = max(longest, l.Duration)
		}
	}
	return longest
}
