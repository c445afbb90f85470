package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/kubetest"
	"github.com/kubectl-suite/kubectl-suite/pkg/pause"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// clientPod is a pod of a deployment with an address of the loopback network.
func clientPod(k *kubetest.Server, namespace, deployment, ip string) {
	p := kubetest.Pod(namespace, deployment+"-5f6d-x")
	yes := true
	p.Labels["pod-template-hash"] = "5f6d"
	p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: deployment + "-5f6d", Controller: &yes}}
	p.Status.PodIP, p.Status.PodIPs = ip, []corev1.PodIP{{IP: ip}}
	k.Put(p)
}

// busy sends commands from an address until the test is over.
func busy(t *testing.T, s *redistest.Server, ip string, commands ...[]any) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	c := redis.NewClient(&redis.Options{Protocol: 2, DisableIdentity: true, PoolSize: 1,
		Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "tcp", s.Addr) }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer c.Close()
		pause.Every(ctx, 5*time.Millisecond, func() {
			for _, command := range commands {
				_ = c.Do(ctx, command...).Err()
			}
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// TestOwners: the primary is watched though its replica is scanned, workloads are
// named, and who reads is told from who writes.
func TestOwners(t *testing.T) {
	k := kubetest.Start(t, kubetest.Options{})
	primary := redistest.Start(t, "--protected-mode", "no")
	populate(t, primary, 300)
	podOf(k, "cache", 0, primary)
	podOf(k, "cache", 1, redistest.StartReplica(t, primary))
	clientPod(k, "default", "shop", "127.0.0.21")
	clientPod(k, "batch", "import", "127.0.0.22")
	busy(t, primary, "127.0.0.21", []any{"GET", "session:1"}, []any{"GET", "session:4"})
	busy(t, primary, "127.0.0.22", []any{"SET", "session:1", "s3cr3t-value"}, []any{"SET", "elsewhere", "s3cr3t-value"})
	busy(t, primary, "127.0.0.23", []any{"GET", "app:0"})
	config := kubeconfig(t, k)

	code, out, errOut := redismem(t.Context(), "--kubeconfig", config, "--owners=1s", "-o", "json", "--group", "session:*")
	if code != 0 || strings.Contains(out, "s3cr3t") {
		t.Fatal(code, errOut, out)
	}
	o := parsed(t, out).Owners
	if o == nil || o.Seconds < 1 || o.Commands == 0 || len(o.Notes) > 0 {
		t.Fatalf("%+v", o)
	}
	users := map[string]string{}
	for _, g := range o.Groups {
		for _, u := range g.Users {
			users[g.Pattern] += u.Workload + kindOf(u) + " "
		}
	}
	for _, u := range o.Other { // where elsewhere is if it came after the scan
		users["elsewhere"] += u.Workload + kindOf(u) + " "
	}
	for pattern, want := range map[string]string{"session:*": "deployment/shop reads import in batch writes", "app:*": "the server's own pod, or a port-forward reads", "elsewhere": "import in batch writes"} {
		got := strings.ReplaceAll(users[pattern], "deployment/import", "import")
		if strings.TrimSpace(got) != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}

	k.Deny(kubetest.Rule{Verb: "list", Resource: "pods"})
	k.Allow(kubetest.Rule{Verb: "list", Resource: "pods", Namespace: "default"})
	code, out, errOut = redismem(t.Context(), "--kubeconfig", config, "--owners=1s")
	if code != 0 || !strings.Contains(out, "USED BY") || !strings.Contains(out, "deployment/shop") || strings.Contains(out, "import") ||
		!strings.Contains(out, "port-forward") || !strings.Contains(out, "note: pods of other namespaces cannot be listed") {
		t.Errorf("code %d, %s\n%s", code, errOut, out)
	}
}

func kindOf(u report.User) string {
	switch {
	case u.Reads > 0 && u.Writes > 0:
		return " both"
	case u.Reads > 0:
		return " reads"
	}
	return " writes"
}

// TestOwnersOfAServerThatForbidsIt: the report is complete all the same.
func TestOwnersOfAServerThatForbidsIt(t *testing.T) {
	s := redistest.Start(t)
	populate(t, s, 30)
	c := redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2, DisableIdentity: true})
	defer c.Close()
	if err := c.Do(t.Context(), "ACL", "SETUSER", "default", "-monitor").Err(); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := redismem(t.Context(), "--addr", s.Addr, "--owners")
	if code != 0 || !strings.Contains(out, "TOTAL") || !strings.Contains(out, "the server refuses MONITOR (NOPERM)") {
		t.Errorf("code %d, %s\n%s", code, errOut, out)
	}
}

func TestOwnersIsBounded(t *testing.T) {
	for _, args := range [][]string{{"--owners=0s"}, {"--owners=1h"}, {"--owners=1s", "--watch=1s"}} {
		if code, _, errOut := redismem(t.Context(), append(args, "--addr", "localhost:1")...); code != 2 || !strings.Contains(errOut, "--owners") {
			t.Errorf("%v: code %d, %s", args, code, errOut)
		}
	}
}
