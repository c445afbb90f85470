package analysis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// probe is a key that nobody has: what the server says about it tells whether
// MEMORY USAGE works before a million keys depend on it.
const probe = "kubectl-redismem:no-such-key"

func canSize(ctx context.Context, c *redis.Client) error {
	err := c.MemoryUsage(ctx, probe).Err()
	switch text := errorText(err); {
	case err == nil || errors.Is(err, redis.Nil):
		return nil
	case strings.HasPrefix(text, "MOVED ") || strings.HasPrefix(text, "ASK ") || strings.HasPrefix(text, "CLUSTERDOWN"):
		return nil // the slot of this key is another node's, or nobody's; the command is there
	case strings.HasPrefix(text, "NOPERM") && !strings.Contains(strings.ToLower(text), "'memory"):
		return nil // this key is out of bounds; others may not be
	case strings.HasPrefix(text, "ERR unknown") || strings.HasPrefix(text, "ERR Unknown") || strings.HasPrefix(text, "ERR DISABLED"):
		return hint.With(fmt.Errorf("the server has no MEMORY USAGE: %w", err),
			"redismem needs Redis 4 or newer, with the command MEMORY neither renamed nor blocked")
	}
	return ExplainRefusal(fmt.Errorf("asking for MEMORY USAGE: %w", err))
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// notNow reports whether err is about the state that the server is in.
func notNow(err error) bool {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return false
	}
	code, _, _ := strings.Cut(reply.Error(), " ")
	return code == "LOADING" || code == "MASTERDOWN" || code == "BUSY" || code == "TRYAGAIN"
}

// ExplainRefusal adds which rights are needed to an error of the server's ACL, and
// what to do about other refusals.
func ExplainRefusal(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "CLUSTERDOWN"):
		return hint.With(err, "a cluster that lacks a slot tells nothing of any key: bring the node back, or let the others answer with CONFIG SET cluster-require-full-coverage no")
	case strings.Contains(text, "MASTERDOWN"):
		return hint.With(err, "the replica has lost its primary and may not show what it has: read another node, or CONFIG SET replica-serve-stale-data yes")
	case strings.Contains(text, "LOADING"):
		return hint.With(err, "the server reads its data from disk: try again when it is done")
	}
	if !strings.Contains(err.Error(), "NOPERM") {
		return err
	}
	return hint.With(err, "the user needs: +ping +info +scan +memory|usage %R~*, +select for databases other than 0, and in a Redis Cluster +cluster|nodes +readonly")
}
