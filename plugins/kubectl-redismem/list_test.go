package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

// podOf is a pod of a stateful set that leads to a server on the loopback interface.
func podOf(k *kubetest.Server, set string, n int, s *redistest.Server) *corev1.Pod {
	p := redisPod("default", fmt.Sprintf("%s-%d", set, n), "")
	yes := true
	p.OwnerReferences = []metav1.OwnerReference{{Kind: "StatefulSet", Name: set, Controller: &yes}}
	p.Spec.Containers[0].Ports[0].ContainerPort = int32(s.Port)
	p.Status.PodIP = "127.0.0.1"
	k.Put(p)
	k.Forward("default/"+p.Name, s.Port, s.Addr)
	return p
}

func kubeconfig(t *testing.T, k *kubetest.Server) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "kubeconfig")
	if err := k.Kubeconfig(name); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestListShowsWhatWouldBeScanned: a cluster with a shard out of reach, a replica
// set, a Sentinel that holds nothing, and a server that lets nobody in.
func TestListShowsWhatWouldBeScanned(t *testing.T) {
	k := kubetest.Start(t, kubetest.Options{})
	c := redistest.StartCluster(t, 3, 1)
	for i, s := range c.All() {
		if i != 1 && i != 4 { // the second shard
			podOf(k, "shop", i, s)
		}
	}
	podOf(k, "shop", 9, redistest.Start(t, "--cluster-enabled", "yes"))
	primary := redistest.Start(t)
	populate(t, primary, 30)
	podOf(k, "cache", 0, primary)
	podOf(k, "cache", 1, redistest.StartReplica(t, primary))
	podOf(k, "safe", 0, redistest.Start(t, "--requirepass", "x"))
	podOf(k, "safe", 1, redistest.Start(t, "--requirepass", "x"))
	podOf(k, "guard", 0, sentinelOf(t, primary))

	config := kubeconfig(t, k)
	code, out, errOut := redismem(t.Context(), "list", "--kubeconfig", config, "-o", "json")
	var list deploymentList
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != cli.ExitOK {
		t.Fatalf("code %d, %v\n%s%s", code, err, out, errOut)
	}
	byName := map[string]listItem{}
	for _, i := range list.Items {
		byName[i.Name] = i
	}
	if len(list.Items) != 3 || list.Kind != "DeploymentList" {
		t.Errorf("%s", out)
	}
	if i := byName["statefulset/cache"]; i.Mode != "replicated" || i.Keys != 30 || i.Replicas != 1 || i.Shards[0].Scan != fmt.Sprintf("cache-1:%d", port(t, i)) {
		t.Errorf("replica set: %+v", i)
	}
	if i := byName["statefulset/shop"]; i.Mode != "cluster" || i.Keys != -1 || len(i.Shards) != 3 || i.Shards[1].Scan != "" ||
		!strings.HasPrefix(i.Shards[1].Why, "no pod answers as the primary ") || i.Shards[0].Role != "slave" {
		t.Errorf("cluster: %+v", i)
	}
	if i := byName["statefulset/safe"]; i.Error == "" || len(i.Locked) != 2 || i.Keys != -1 {
		t.Errorf("locked: %+v", i)
	}
	if !strings.Contains(errOut, `note: pod guard-0 in namespace "default": a Redis Sentinel, which holds no data`) {
		t.Errorf("stderr: %s", errOut)
	}

	if !strings.Contains(errOut, `note: statefulset/shop in namespace "default": shop-9:`) || !strings.Contains(errOut, "belongs to no cluster") {
		t.Errorf("stderr: %s", errOut)
	}

	_, out, _ = redismem(t.Context(), "list", "-A", "--kubeconfig", config, "-q", "--from", "primary")
	if !strings.Contains(out, "NAMESPACE  NAME") || !strings.Contains(out, "(primary, as asked for)") {
		t.Errorf("%s", out)
	}
	// A Sentinel that is named leads to what it watches.
	_, out, errOut = redismem(t.Context(), "list", "guard-0", "--kubeconfig", config, "-q", "-o", "name")
	if out != "statefulset/cache\n" {
		t.Errorf("by Sentinel: %q, %s", out, errOut)
	}
	if code, _, errOut := redismem(t.Context(), "list", "-o", "csv"); code != cli.ExitUsage || !strings.Contains(errOut, `unknown output format "csv"`) {
		t.Errorf("code %d, %s", code, errOut)
	}
}

// port is the port of the second node of the item's only shard.
func port(t *testing.T, i listItem) (n int) {
	t.Helper()
	if len(i.Shards) != 1 || len(i.Shards[0].Nodes) != 2 {
		t.Fatalf("%+v", i)
	}
	_, text, _ := strings.Cut(i.Shards[0].Nodes[1], ":")
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func sentinelOf(t *testing.T, primary *redistest.Server) *redistest.Server {
	t.Helper()
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor cache 127.0.0.1 %d 1\n", primary.Port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return redistest.StartSentinel(t, config)
}
