package redistest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cluster is a running Redis Cluster.
type Cluster struct {
	Primaries []*Server   // the slots are divided among them in order
	Replicas  [][]*Server // by primary
}

// All are the nodes, the primaries first.
func (c *Cluster) All() []*Server {
	out := append([]*Server(nil), c.Primaries...)
	for _, r := range c.Replicas {
		out = append(out, r...)
	}
	return out
}

const slots = 16384

// StartCluster runs a cluster on the loopback interface and returns once every
// node holds it for complete and every replica is in step. Arguments are for all
// nodes.
func StartCluster(t testing.TB, primaries, replicasEach int, args ...string) *Cluster {
	t.Helper()
	args = append([]string{"--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0"}, args...)
	c := &Cluster{Replicas: make([][]*Server, primaries)}
	for i := range primaries {
		c.Primaries = append(c.Primaries, Start(t, args...))
		for range replicasEach {
			c.Replicas[i] = append(c.Replicas[i], Start(t, args...))
		}
	}
	c.meet(t)
	for i := range primaries {
		from, to := i*slots/primaries, (i+1)*slots/primaries-1
		ask(t, c.Primaries[i], "CLUSTER", "ADDSLOTSRANGE", from, to)
		id := ask(t, c.Primaries[i], "CLUSTER", "MYID")
		for _, r := range c.Replicas[i] {
			await(t, r, "knowing its primary", id, "CLUSTER", "NODES")
			ask(t, r, "CLUSTER", "REPLICATE", id)
		}
	}
	for _, s := range c.All() {
		await(t, s, "the cluster to be complete", "cluster_state:ok", "CLUSTER", "INFO")
		await(t, s, "all nodes to be known", fmt.Sprintf("cluster_known_nodes:%d", primaries*(1+replicasEach)), "CLUSTER", "INFO")
	}
	for _, list := range c.Replicas {
		for _, r := range list {
			await(t, r, "its copy", "master_link_status:up", "INFO", "replication")
		}
	}
	return c
}

// meet introduces every node to every other: gossip alone would take seconds.
func (c *Cluster) meet(t testing.TB) {
	all := c.All()
	for i, a := range all {
		for _, b := range all[:i] {
			ask(t, a, "CLUSTER", "MEET", "127.0.0.1", b.Port)
		}
	}
}

// StartReplica runs a replica of s and returns once it is in step.
func StartReplica(t testing.TB, s *Server, args ...string) *Server {
	t.Helper()
	ask(t, s, "CONFIG", "SET", "repl-diskless-sync-delay", "0")
	r := Start(t, append([]string{"--replicaof", "127.0.0.1 " + fmt.Sprint(s.Port)}, args...)...)
	await(t, r, "its copy", "master_link_status:up", "INFO", "replication")
	return r
}

func ask(t testing.TB, s *Server, args ...any) string {
	t.Helper()
	text, err := try(s, args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return text
}

func try(s *Server, args ...any) (string, error) {
	client := redis.NewClient(&redis.Options{Addr: s.Addr, Password: s.password, DisableIdentity: true})
	defer client.Close()
	return client.Do(context.Background(), args...).Text()
}

// await repeats a question until the answer contains want.
func await(t testing.TB, s *Server, what, want string, question ...any) {
	t.Helper()
	const limit = 30 * time.Second
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		text, err := try(s, question...)
		if err == nil && strings.Contains(text, want) {
			return
		}
		if time.Since(start) > limit {
			t.Fatalf("%s waits in vain for %s: %v\n%s", s.Addr, what, err, text)
		}
	}
}
