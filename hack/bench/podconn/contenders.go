//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"

	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
)

const webSockets = "KUBECTL_PORT_FORWARD_WEBSOCKETS"

// contender is one way to reach the Redis.
type contender struct {
	name    string
	dial    func(ctx context.Context) (net.Conn, error)
	against int           // the index of the contender to compare with, -1 for none
	outside bool          // it runs in a process of its own
	start   time.Duration // what it took to be ready, before any connection
}

// contenders opens the port-forwards and returns all ways, podconn's first.
func contenders(ctx context.Context, o options) (ways []contender, stop func(), err error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	cfg.QPS = -1
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	ws, err := podconnWay(cfg, o, "podconn, WebSocket", "true", 2)
	if err != nil {
		return nil, stop, err
	}
	sp, err := podconnWay(cfg, o, "podconn, SPDY", "false", 3)
	if err != nil {
		return nil, stop, err
	}
	ways = []contender{ws, sp}
	for _, p := range []string{"WebSocket", "SPDY"} {
		start := time.Now()
		addr, end, err := clientGo(cfg, o, p == "WebSocket")
		if err != nil {
			return nil, stop, fmt.Errorf("starting client-go's port-forward: %w", err)
		}
		stops = append(stops, end)
		ways = append(ways, contender{"client-go port-forward, " + p, local(addr), -1, false, time.Since(start)})
	}
	if o.kubectl != "" {
		start := time.Now()
		addr, end, err := kubectl(ctx, o)
		if err != nil {
			return nil, stop, fmt.Errorf("starting kubectl port-forward: %w", err)
		}
		stops = append(stops, end)
		ways = append(ways, contender{"kubectl port-forward, WebSocket", local(addr), 2, true, time.Since(start)})
	}
	return ways, stop, nil
}

func local(addr string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	}
}

func podconnWay(cfg *rest.Config, o options, name, on string, against int) (contender, error) {
	d, err := podconn.New(cfg, o.namespace)
	return contender{name, func(ctx context.Context) (net.Conn, error) {
		_ = os.Setenv(webSockets, on)
		return d.DialContext(ctx, "tcp", o.target)
	}, against, false, 0}, err
}

// clientGo forwards a local port with the code that kubectl is made of.
func clientGo(cfg *rest.Config, o options, overWebSocket bool) (addr string, stop func(), err error) {
	pod, port, _ := strings.Cut(strings.TrimPrefix(o.target, "pod/"), ":")
	client, err := rest.RESTClientFor(withCore(cfg))
	if err != nil {
		return "", nil, err
	}
	u := client.Post().Resource("pods").Namespace(o.namespace).Name(pod).SubResource("portforward").URL()
	dialer, err := portforward.NewSPDYOverWebsocketDialerForStreaming(u, cfg)
	if err != nil {
		return "", nil, err
	}
	if !overWebSocket {
		transport, upgrader, err := spdy.RoundTripperFor(cfg)
		if err != nil {
			return "", nil, err
		}
		dialer = spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, u)
	}
	end, ready, failed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	f, err := portforward.NewOnAddressesForStreaming(dialer, []string{"127.0.0.1"}, []string{"0:" + port}, end, ready, io.Discard, os.Stderr)
	if err != nil {
		return "", nil, err
	}
	go func() { failed <- f.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-failed:
		return "", nil, err
	}
	ports, err := f.GetPorts()
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[0].Local), func() { close(end) }, nil
}

var forwarding = regexp.MustCompile(`^Forwarding from (127\.0\.0\.1:\d+) ->`)

// kubectl runs the binary.
func kubectl(ctx context.Context, o options) (addr string, stop func(), err error) {
	pod, port, _ := strings.Cut(o.target, ":")
	cmd := exec.CommandContext(ctx, o.kubectl, "port-forward", "--kubeconfig", o.kubeconfig, "-n", o.namespace, "--address", "127.0.0.1", pod, ":"+port)
	cmd.Env = append(os.Environ(), webSockets+"=true")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := forwarding.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return m[1], stop, nil
		}
	}
	stop()
	return "", nil, errors.New("it ended without forwarding")
}
