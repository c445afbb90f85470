package redisconn

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// eventually waits for what a server does in the background.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for start := time.Now(); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func pingFails(c *redis.Client, code string) func() bool {
	return func() bool {
		err := c.Ping(context.Background()).Err()
		return err != nil && strings.HasPrefix(err.Error(), code+" ")
	}
}

// TestTroubledServersAreReadable: a server that answers PING with an error may
// still tell all that a reader wants. That is when people look.
func TestTroubledServersAreReadable(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	unsaved := redistest.Start(t, "--save", "3600 1", "--dir", dir)
	replica := redistest.Start(t, "--replicaof", "127.0.0.1 1", "--replica-serve-stale-data", "no")
	admin := redis.NewClient(&redis.Options{Addr: unsaved.Addr})
	defer admin.Close()
	if err := admin.Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := admin.BgSave(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "PING fails with MISCONF", pingFails(admin, "MISCONF"))
	follower := redis.NewClient(&redis.Options{Addr: replica.Addr})
	defer follower.Close()
	eventually(t, "PING fails with MASTERDOWN", pingFails(follower, "MASTERDOWN"))

	for name, server := range map[string]*redistest.Server{"master": unsaved, "slave": replica} {
		c := endpoint(server).Client()
		if s, err := Inspect(ctx, c); err != nil || s.Role != name {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		c.Close()
	}
	c := endpoint(unsaved).Client()
	defer c.Close()
	if n, err := c.MemoryUsage(ctx, "k").Result(); err != nil || n == 0 {
		t.Errorf("MEMORY USAGE: %d, %v", n, err)
	}
}
