package scan

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// meteredConn knows how much of what it sent has had no reply yet.
type meteredConn struct {
	net.Conn
	unanswered, most int
}

func (c *meteredConn) Write(p []byte) (int, error) {
	c.unanswered += len(p)
	c.most = max(c.most, c.unanswered)
	return c.Conn.Write(p)
}

func (c *meteredConn) Read(p []byte) (int, error) {
	c.unanswered = 0
	return c.Conn.Read(p)
}

// TestHugeNamesEvictNothing: a server without room to spare evicts keys for what
// it has to hold for its clients. There are few of the longest names, so that
// one page can have all of them.
func TestHugeNamesEvictNothing(t *testing.T) {
	const room = 12 << 20
	for name, tc := range map[string]struct{ keys, length int }{
		"200 KB": {1550, 200_000},
		"512 KB": {400, 512 << 10},
		"3 MB":   {3, 3 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t, "--maxmemory-policy", "allkeys-random")
			c := client(t, server)
			ctx := context.Background()
			long := strings.Repeat("n", tc.length)
			for i := range tc.keys {
				c.Set(ctx, fmt.Sprint(i, ":", long), "v", 0)
			}
			used := int64(0)
			if _, err := fmt.Sscan(infoField(c.Info(ctx, "memory").Val(), "used_memory"), &used); err != nil {
				t.Fatal(err)
			}
			c.ConfigSet(ctx, "maxmemory", fmt.Sprint(used+room))
			c.ConfigResetStat(ctx)
			stop := keepBusy(t, c)

			conn := &meteredConn{}
			dial := func(ctx context.Context) (net.Conn, error) {
				var err error
				conn.Conn, err = server.Dial(ctx, "", "")
				return conn, err
			}
			var heap uint64
			res, err := Run(ctx, Config{Dial: dial, Sink: EverySize(func([]byte, int64) {}), Page: func(int64) {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heap = max(heap, m.HeapInuse)
			}})
			stop()
			if err != nil || res.Sized != int64(tc.keys) {
				t.Errorf("result %+v, error %v; want %d keys", res, err, tc.keys)
			}
			if evicted := infoField(c.Info(ctx, "stats").Val(), "evicted_keys"); evicted != "0" {
				t.Errorf("the scan made the server evict %s keys", evicted)
			}
			if most := max(largePage, tc.length) + 64<<10; conn.most > most {
				t.Errorf("%d bytes were sent without waiting for a reply, want %d at most", conn.most, most)
			}
			if heap > 48<<20 {
				t.Errorf("heap %d MB", heap>>20)
			}
		})
	}
}

func infoField(info, name string) string { return field([]byte(info), name) }

// keepBusy sends commands until stop is called: each of them makes the server
// look whether it is over its limit.
func keepBusy(t *testing.T, c *redis.Client) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var w sync.WaitGroup
	w.Go(func() {
		for ctx.Err() == nil {
			c.Ping(ctx)
		}
	})
	return func() { cancel(); w.Wait() }
}
