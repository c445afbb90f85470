package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// cluster is a Redis in a pod of its own namespace, and a port-forward to it.
type cluster struct {
	o         options
	namespace string
	addr      string // of the pod, reached directly from this machine
	forwarded string // the local end of kubectl port-forward
	forward   *exec.Cmd
}

const manifest = `
apiVersion: v1
kind: Pod
metadata: {name: redis}
spec:
  terminationGracePeriodSeconds: 0
  automountServiceAccountToken: false
  containers:
  - name: redis
    image: %q
    imagePullPolicy: IfNotPresent
    command: [redis-server, --save, "", --appendonly, "no", --protected-mode, "no"]
    ports: [{containerPort: 6379}]
`

func startPod(ctx context.Context, o options) (*cluster, error) {
	c := &cluster{o: o, namespace: "bench-redismem-" + strings.ToLower(rand.Text()[:8])}
	if _, err := c.kubectl(ctx, "", "create", "namespace", c.namespace); err != nil {
		return nil, err
	}
	if err := c.start(ctx); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (c *cluster) start(ctx context.Context) error {
	if _, err := c.kubectl(ctx, fmt.Sprintf(manifest, c.o.image), "apply", "-f", "-"); err != nil {
		return err
	}
	if _, err := c.kubectl(ctx, "", "wait", "--for=condition=Ready", "--timeout=60s", "pod/redis"); err != nil {
		return err
	}
	ip, err := c.kubectl(ctx, "", "get", "pod", "redis", "-o", "jsonpath={.status.podIP}")
	if err != nil {
		return err
	}
	c.addr = net.JoinHostPort(ip, "6379")
	return c.startForward(ctx)
}

var listening = regexp.MustCompile(`Forwarding from (127\.0\.0\.1:\d+)`)

func (c *cluster) startForward(ctx context.Context) error {
	c.forward = c.command(ctx, "port-forward", "pod/redis", ":6379")
	out, err := c.forward.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.forward.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			c.forwarded = m[1]
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return nil
		}
	}
	return errors.New("kubectl port-forward ended before it was ready")
}

func (c *cluster) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, c.o.kubectl, append([]string{"--kubeconfig", c.o.kubeconfig, "-n", c.namespace}, args...)...)
}

func (c *cluster) kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := c.command(ctx, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w\n%s", args[0], err, out)
	}
	return string(out), nil
}

func (c *cluster) stop() {
	if c.forward != nil && c.forward.Process != nil {
		_ = c.forward.Process.Kill()
		_ = c.forward.Wait()
	}
	// The run's own context may have been cancelled.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, _ = c.kubectl(ctx, "", "delete", "namespace", c.namespace, "--wait=false")
}
