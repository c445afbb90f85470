package redisconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// podAt is a pod of a stateful set whose server listens on the loopback interface.
func podAt(name string, s *redistest.Server) Candidate {
	c := candidate(name, s.Port)
	yes := true
	c.Pod.Status.PodIP = "127.0.0.1"
	c.Pod.OwnerReferences = []metav1.OwnerReference{{Kind: "StatefulSet", Name: strings.TrimRight(strings.TrimRight(name, "0123456789"), "-"), Controller: &yes}}
	return c
}

// askAll asks servers as pods r-0, r-1, ...
func askAll(t *testing.T, all ...*redistest.Server) []*Instance {
	t.Helper()
	byPort := map[string]*redistest.Server{}
	var candidates []Candidate
	for i, s := range all {
		name := fmt.Sprintf("r-%d", i)
		byPort[fmt.Sprintf("%s:%d", name, s.Port)] = s
		candidates = append(candidates, podAt(name, s))
	}
	found := finder(t, byPort).Ask(context.Background(), candidates)
	if len(found.Instances) != len(all) {
		t.Fatalf("%d of %d servers answered: %+v", len(found.Instances), len(all), found.Skipped)
	}
	return found.Instances
}

// TestClusterIsOneDeployment: three shards with a replica each, also with the
// nodes of one shard out of reach.
func TestClusterIsOneDeployment(t *testing.T) {
	c := redistest.StartCluster(t, 3, 1)
	all := askAll(t, c.All()...)
	found := Deployments(all)
	if len(found) != 1 || found[0].Mode != Cluster || found[0].Name != "statefulset/r" || len(found[0].Shards) != 3 {
		t.Fatalf("%+v", found)
	}
	slots := []string{"0-5460", "5461-10921", "10922-16383"}
	for i := range found[0].Shards {
		s := &found[0].Shards[i]
		if s.Name() != slots[i] || len(s.Nodes) != 2 || s.Missing != "" || len(s.Absent) != 0 {
			t.Errorf("shard %d: %s, %d nodes, missing %q, absent %q", i, s.Name(), len(s.Nodes), s.Missing, s.Absent)
			continue
		}
		replica, why := s.Choose(PreferReplica)
		if replica.Port != c.Replicas[i][0].Port || why != "healthy replica" {
			t.Errorf("shard %d: %s (%s)", i, replica.Name(), why)
		}
		if primary, _ := s.Choose(PreferPrimary); primary.Port != c.Primaries[i].Port {
			t.Errorf("shard %d: primary %s", i, primary.Name())
		}
		// A replica sends questions on to its primary unless it is told not to.
		client := replica.Endpoint.Client()
		if err := client.MemoryUsage(t.Context(), keyOf(t, client, s)).Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("the replica of shard %d is not read from: %v", i, err)
		}
		client.Close()
	}

	part := Deployments([]*Instance{all[0], all[2], all[3], all[5]}) // without the second shard
	s := &part[0].Shards[1]
	if len(part) != 1 || len(part[0].Shards) != 3 || s.Name() != slots[1] || !strings.Contains(s.Missing, "no pod answers as the primary 127.0.0.1:") {
		t.Errorf("with a shard out of reach: %+v", part[0].Shards)
	}
	if node, why := s.Choose(PreferReplica); node != nil || why != s.Missing {
		t.Errorf("chose %v (%s)", node, why)
	}
	locked := &Instance{Candidate: all[4].Candidate, Port: all[4].Port, Endpoint: &Endpoint{}, Err: &ConnectError{"r-4", ErrWrongPassword}}
	part = Deployments([]*Instance{all[0], all[2], all[3], all[5], locked})
	if s := part[0].Shards[1]; len(part) != 1 || !strings.Contains(strings.Join(s.Absent, "\n"), "the replica "+all[4].Name()+" lets nobody in: connecting to r-4: wrong password") {
		t.Errorf("with a locked replica: %+v", s)
	}
	if again := Deployments(append(all, all[0])); len(again[0].Shards[0].Nodes) != 2 {
		t.Errorf("a node that is reached twice counts twice: %+v", again[0].Shards[0])
	}
	lone := askAll(t, redistest.Start(t, "--cluster-enabled", "yes"))[0]
	if found := Deployments(append(all, lone)); len(found) != 1 || len(found[0].Shards) != 3 || len(found[0].Notes) != 1 || !strings.Contains(found[0].Notes[0], "belongs to no cluster") {
		t.Errorf("with a pod that forgot its cluster: %+v", found)
	}
	if d := Only(lone); len(d.Shards) != 1 || len(d.Shards[0].Nodes) != 1 || d.Name != "statefulset/r" {
		t.Errorf("a pod that forgot its cluster, alone: %+v", d)
	}
	one := Only(all[4])
	if len(one.Shards) != 1 || len(one.Shards[0].Nodes) != 1 || one.Shards[0].Name() != slots[1] || len(one.Notes) != 1 {
		t.Errorf("a node alone: %+v", one)
	}
}

// keyOf is the name of a key that belongs to a shard.
func keyOf(t *testing.T, c *redis.Client, s *Shard) string {
	for n := 0; ; n++ {
		key := fmt.Sprint(n)
		slot, err := c.ClusterKeySlot(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		if s.has(int(slot)) {
			return key
		}
	}
}

// TestDiscoverCluster follows announced addresses from one node. What does not
// answer is named.
func TestDiscoverCluster(t *testing.T) {
	c := redistest.StartCluster(t, 3, 1, "--requirepass", "x", "--masterauth", "x")
	var d net.Dialer
	e := endpoint(c.Replicas[1][0], "x")
	e.Dial = d.DialContext
	found, err := Discover(t.Context(), e)
	if err != nil || len(found.Shards) != 3 || len(found.Instances()) != 6 {
		t.Fatalf("%+v, %v", found, err)
	}
	c.Primaries[2].Stop()
	c.Replicas[2][0].Stop()
	found, err = Discover(t.Context(), e)
	if err != nil || len(found.Shards) != 3 || found.Shards[2].Missing == "" || len(found.Notes) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
}

func TestReplicaSet(t *testing.T) {
	primary, alone := redistest.Start(t), redistest.Start(t)
	replica := redistest.StartReplica(t, primary)
	all := askAll(t, replica, alone, primary)
	found := Deployments(all)
	if len(found) != 2 || found[0].Mode != Replicated || found[1].Mode != Standalone {
		t.Fatalf("%+v", found)
	}
	if found[0].Name != "pod/r-2" || found[1].Name != "pod/r-1" {
		t.Errorf("names %s and %s", found[0].Name, found[1].Name)
	}
	s := &found[0].Shards[0]
	if s.Primary() != all[2] || len(s.Nodes) != 2 || len(s.Absent) != 0 {
		t.Errorf("%+v", s)
	}
	if node, why := s.Choose(PreferReplica); node != all[0] || why != "healthy replica" {
		t.Errorf("chose %s (%s)", node.Name(), why)
	}
	for want, spoil := range map[string]func(*Server){
		"is loading its data": func(s *Server) { s.Loading = true }, "is copying its primary": func(s *Server) { s.Replication.Syncing = true },
		"has lost its primary":     func(s *Server) { s.Replication.LinkUp = false },
		"has not heard from":       func(s *Server) { s.Replication.Silence = 2 * maxLag },
		"does not let us READONLY": func(s *Server) { s.Missing = []string{LacksReadOnly} },
		"bytes behind":             func(s *Server) { s.Replication.Offset -= 2 * maxBehind },
	} {
		ill := *all[0].Server
		spoil(&ill)
		s := Shard{Nodes: []*Instance{all[2], {Candidate: all[0].Candidate, Port: all[0].Port, Server: &ill}}}
		if node, why := s.Choose(PreferReplica); node != all[2] || !strings.Contains(why, want) {
			t.Errorf("%s: chose %s (%s)", want, node.Name(), why)
		}
	}
	if found := Deployments(all[2:]); len(found[0].Shards[0].Absent) != 1 || found[0].Mode != Replicated {
		t.Errorf("a replica without a pod: %+v", found[0])
	}
	if found := Deployments(all[:1]); len(found[0].Shards[0].Absent) != 1 || found[0].Mode != Replicated {
		t.Errorf("a primary without a pod: %+v", found[0])
	}
}

func TestPodAt(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "redis-0", Namespace: "prod"}, Spec: corev1.PodSpec{Subdomain: "redis-headless"},
		Status: corev1.PodStatus{PodIP: "10.0.0.7", PodIPs: []corev1.PodIP{{IP: "10.0.0.7"}, {IP: "fd00::7"}}}}
	for host, want := range map[string]bool{
		"10.0.0.7": true, "::ffff:10.0.0.7": true, "fd00:0:0::7": true, "10.0.0.70": false, "redis-0": true, "redis-0.redis-headless": true,
		"redis-0.redis-headless.prod.svc.cluster.local.": true, "redis-0.redis-headless.test.svc": false, "redis-0.other.prod.svc": false, "redis-01": false, "": false,
	} {
		if got := PodAt(pod, host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestParseNodes(t *testing.T) {
	v := parseNodes("a1 10.0.0.1:6379@16379,redis-0.redis,shard-id=x myself,master - 0 0 7 connected 0-5460 9000 [93->-b2]\n" +
		"b2 fd00::2:6379@16379 master,fail - 0 0 3 disconnected\nc3 10.0.0.3:6379 slave a1 0 0 7 connected\nd4 :0@0 noaddr,master - 0 0 0 connected\nrubbish\n")
	got := fmt.Sprintf("%+v", v)
	const want = "&{Self:a1 Nodes:[{ID:a1 Host:10.0.0.1 Hostname:redis-0.redis Port:6379 Primary: Failed:false Epoch:7 Slots:[0-5460 9000]} " +
		"{ID:b2 Host:fd00::2 Hostname: Port:6379 Primary: Failed:true Epoch:3 Slots:[]} {ID:c3 Host:10.0.0.3 Hostname: Port:6379 Primary:a1 Failed:false Epoch:7 Slots:[]}]}"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestCapabilities(t *testing.T) {
	for _, c := range []struct {
		s               Server
		ordered, chains bool
		lacks           string
	}{
		{Server{Flavour: "redis", Version: "7.0.15", Mode: "standalone"}, false, true, "[]"},
		{Server{Flavour: "redis", Version: "8.2.1", Mode: "standalone"}, false, false, "[]"},
		{Server{Flavour: "redis", Version: "7.4.0", Mode: "cluster"}, true, false, "[]"},
		{Server{Flavour: "redis", Version: "7.2.6", Mode: "cluster"}, false, true, "[]"},
		{Server{Flavour: "valkey", Version: "8.0.1", Mode: "cluster"}, true, false, "[]"},
		{Server{Flavour: "redis", Version: "7.2.6", Mode: "sentinel"}, false, false, "[]"},
		{Server{Flavour: "redis", Version: "3.2.0", Mode: "standalone"}, false, false, "[MEMORY USAGE MEMORY STATS]"},
		{Server{Flavour: "valkey", Version: "8.0.1", Mode: "standalone"}, false, true, "[]"},
		{Server{Flavour: "valkey", Version: "9.0.0", Mode: "standalone"}, false, false, "[]"},
		{Server{Flavour: "dragonfly", Version: "1.25.0", Mode: "standalone"}, false, false, "[MEMORY USAGE SAMPLES MEMORY STATS]"},
	} {
		if o, ch, l := c.s.SlotOrdered(), c.s.ChainsAllowed(), fmt.Sprint(missing(c.s.Flavour, c.s.Version)); o != c.ordered || ch != c.chains || l != c.lacks {
			t.Errorf("%s %s %s: ordered %v, chains %v, lacks %s", c.s.Flavour, c.s.Version, c.s.Mode, o, ch, l)
		}
	}
}
