//go:build e2e

package e2e

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// redisSet is a stateful set of servers with one password.
type redisSet struct {
	*Namespace
	name     string
	password string
}

func (n *Namespace) redisSet(t testing.TB, name string, replicas int, args string) *redisSet {
	t.Helper()
	s := &redisSet{Namespace: n, name: name, password: rand.Text()}
	n.Apply(t, "redis-set.yaml", "NAME", name, "REPLICAS", strconv.Itoa(replicas), "PASSWORD", s.password, "ARGS", args)
	n.Must(t, "rollout", "status", "--timeout=60s", "statefulset/"+name)
	return s
}

// member is a server of the set.
func (s *redisSet) member(t testing.TB, i int) Redis {
	t.Helper()
	pod := fmt.Sprintf("%s-%d", s.name, i)
	return Redis{Pod: pod, IP: s.Must(t, "get", "pod", pod, "-o", "jsonpath={.status.podIP}"), Password: s.password}
}

// await asks a server until its answer contains a text.
func (s *redisSet) await(t testing.TB, r Redis, want string, question ...string) {
	t.Helper()
	Eventually(t, 40*time.Second, func() error {
		if answer := s.redisCLI(t, r, question...); !strings.Contains(answer, want) {
			return fmt.Errorf("%s answers %s with %q, want %q", r.Pod, question[0], answer, want)
		}
		return nil
	})
}

// shardReport is what these tests read of a report.
type shardReport struct {
	Servers []struct{ Pod, Role, Shard string }
	Totals  struct{ Keys, Bytes int64 }
	Groups  []struct {
		Pattern     string
		Keys, Bytes int64
	}
	Other    struct{ Keys, Bytes int64 }
	Coverage struct {
		Complete     bool
		Reasons      []string
		Missing      []string
		KeysRepeated int64
		Restarts     int
	}
}

// checked reads a report that must add up and must not tell the password.
func (s *redisSet) checked(t testing.TB, r Result) shardReport {
	t.Helper()
	if strings.Contains(r.Stdout+r.Stderr, s.password) {
		t.Error("the password is in the output")
	}
	var report shardReport
	if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil {
		t.Fatalf("exit code %d, reading the report: %v\n%s", r.Code, err, r.Stderr)
	}
	keys, bytes := report.Other.Keys, report.Other.Bytes
	for _, g := range report.Groups {
		keys, bytes = keys+g.Keys, bytes+g.Bytes
	}
	if keys != report.Totals.Keys || bytes != report.Totals.Bytes {
		t.Errorf("the groups sum to %d keys and %d bytes, the totals are %+v", keys, bytes, report.Totals)
	}
	if (r.Code == 0) != report.Coverage.Complete {
		t.Errorf("exit code %d, complete %v", r.Code, report.Coverage.Complete)
	}
	return report
}

// TestRedismemSparesThePrimary: a replica that is in step is read in its stead.
func TestRedismemSparesThePrimary(t *testing.T) {
	t.Parallel()
	n := Connect(t).Namespace(t)
	s := n.redisSet(t, "pair", 2, "")
	primary, replica := s.member(t, 0), s.member(t, 1)
	keys := n.redisCLI(t, primary, "eval", fillScript, "0")
	n.redisCLI(t, replica, "replicaof", primary.IP, "6379")
	s.await(t, replica, "master_link_status:up", "info", "replication")
	for from, pod := range map[string]string{"replica": replica.Pod, "primary": primary.Pod} {
		r := n.redismem(t, "statefulset/pair", "-o", "json", "--from", from)
		report := s.checked(t, r)
		if r.Code != 0 || len(report.Servers) != 1 || report.Servers[0].Pod != pod || fmt.Sprint(report.Totals.Keys) != keys {
			t.Errorf("--from %s: exit code %d, %s keys are there: %+v\n%s", from, r.Code, keys, report, r.Stderr)
		}
	}
}

const (
	shardTags    = 60
	shardTagKeys = 3500
	shardKeys    = shardTags * shardTagKeys
)

const shardScript = `for i = 1, tonumber(ARGV[1]) do redis.call('set', KEYS[1] .. ':user:' .. i, string.rep('x', i % 200)) end`

// shop is a cluster of three shards with a replica each, and its keys.
func (n *Namespace) shop(t testing.TB) *redisSet {
	t.Helper()
	s := n.redisSet(t, "shop", 6, "--cluster-enabled yes --cluster-node-timeout 3000")
	create := []string{"--cluster", "create"}
	for i := range 6 {
		create = append(create, s.member(t, i).IP+":6379")
	}
	first := s.member(t, 0)
	n.redisCLI(t, first, append(create, "--cluster-replicas", "1", "--cluster-yes")...)
	for i := range 6 {
		s.await(t, s.member(t, i), "cluster_state:ok", "cluster", "info")
	}
	for tag := range shardTags {
		n.redisCLI(t, first, "-c", "eval", shardScript, "1", fmt.Sprintf("{%d}", tag), strconv.Itoa(shardTagKeys))
	}
	s.settle(t)
	return s
}

// settle waits until every server agrees on the cluster and every replica has its
// primary's keys, and stays in step.
func (s *redisSet) settle(t testing.TB) {
	t.Helper()
	for i := range 6 {
		r := s.member(t, i)
		s.await(t, r, "cluster_state:ok", "cluster", "info")
		if strings.Contains(s.redisCLI(t, r, "info", "replication"), "role:slave") {
			s.await(t, r, "master_link_status:up", "info", "replication")
		}
	}
	Eventually(t, 40*time.Second, func() error {
		sum := 0
		for i := range 6 {
			size, err := strconv.Atoi(s.redisCLI(t, s.member(t, i), "dbsize"))
			if err != nil {
				return err
			}
			sum += size
		}
		if sum != 2*shardKeys {
			return fmt.Errorf("the servers have %d keys, want %d", sum, 2*shardKeys)
		}
		return nil
	})
}

// during runs a slow scan and does something to a pod that is being read when it
// has answered some hundred SCANs.
func (s *redisSet) during(t *testing.T, act func(read Redis)) Result {
	t.Helper()
	before := s.redismem(t, "statefulset/shop", "-o", "json")
	report := s.checked(t, before)
	if before.Code != 0 || report.Totals.Keys != shardKeys || len(report.Servers) != 3 {
		t.Fatalf("before: exit code %d, %+v\n%s", before.Code, report, before.Stderr)
	}
	pod := report.Servers[0].Pod
	i, err := strconv.Atoi(strings.TrimPrefix(pod, "shop-"))
	if err != nil {
		t.Fatal(err)
	}
	read := s.member(t, i)
	s.redisCLI(t, read, "config", "resetstat")
	result := make(chan Result, 1)
	go func() { result <- s.redismem(t, "statefulset/shop", "-o", "json", "--count", "10") }()
	Eventually(t, 30*time.Second, func() error {
		_, stats, _ := strings.Cut(s.redisCLI(t, read, "info", "commandstats"), "cmdstat_scan:calls=")
		calls, _, _ := strings.Cut(stats, ",")
		if n, err := strconv.Atoi(calls); err != nil || n < 100 {
			return fmt.Errorf("%s has answered %q SCANs", read.Pod, calls)
		}
		return nil
	})
	select {
	case r := <-result:
		t.Fatalf("the scan was over too soon: exit code %d\n%s", r.Code, r.Stderr)
	default:
	}
	act(read)
	return <-result
}

// TestRedismemShards reads a cluster while one thing after the other happens to it.
func TestRedismemShards(t *testing.T) {
	t.Parallel()
	s := Connect(t).Namespace(t).shop(t)
	whole := func(t *testing.T, r Result) shardReport {
		t.Helper()
		report := s.checked(t, r)
		if r.Code != 0 || report.Totals.Keys != shardKeys {
			t.Errorf("exit code %d, %d keys instead of %d\n%s", r.Code, report.Totals.Keys, shardKeys, r.Stderr)
		}
		return report
	}
	t.Run("quiet", func(t *testing.T) {
		report := whole(t, s.redismem(t, "svc/shop", "-o", "json"))
		var shards []string
		for _, server := range report.Servers {
			shards = append(shards, server.Shard)
			if server.Role != "slave" {
				t.Errorf("%s was read, a %s", server.Pod, server.Role)
			}
		}
		slices.Sort(shards)
		if got := strings.Join(shards, " "); got != "0-5460 10923-16383 5461-10922" {
			t.Errorf("shards %s", got)
		}
		if len(report.Groups) == 0 || report.Groups[0].Pattern != "{*}:user:*" {
			t.Errorf("groups: %+v", report.Groups)
		}
	})
	t.Run("failover", func(t *testing.T) {
		whole(t, s.during(t, func(read Redis) { s.redisCLI(t, read, "cluster", "failover") }))
		s.settle(t)
	})
	t.Run("server killed", func(t *testing.T) {
		report := whole(t, s.during(t, func(read Redis) {
			s.Must(t, "exec", read.Pod, "--", "sh", "-c", `for p in /proc/[0-9]*; do case "$(cat $p/comm)" in redis-server) kill -9 ${p#/proc/};; esac; done`)
		}))
		if report.Coverage.Restarts != 1 {
			t.Errorf("%d restarts", report.Coverage.Restarts)
		}
		s.settle(t)
	})
	t.Run("pod deleted", func(t *testing.T) {
		report := whole(t, s.during(t, func(read Redis) { s.Must(t, "delete", "pod", read.Pod, "--force", "--grace-period=0") }))
		if report.Coverage.Restarts != 1 {
			t.Errorf("%d restarts", report.Coverage.Restarts)
		}
	})
}
