package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// health is where a daemon says that it works. The certificates are not
// checked: some sign themselves, and all listen on addresses of this machine.
var health = map[string]string{
	"etcd":                    url("http", "127.0.0.1", etcdPort) + "/health",
	"kube-apiserver":          url("https", "127.0.0.1", apiPort) + "/readyz",
	"kube-controller-manager": url("https", "127.0.0.1", managerPort) + "/healthz",
	"kube-scheduler":          url("https", "127.0.0.1", schedulerPort) + "/healthz",
	"kubelet":                 url("http", "127.0.0.1", kubeletHealth) + "/healthz",
	"kwok":                    url("https", nodeIP, kwokPort) + "/healthz",
	"metrics-server":          url("https", nodeIP, metricsPort) + "/livez",
}

var prober = &http.Client{
	Timeout: 2 * time.Second,
	Transport: &http.Transport{ // no proxy from the environment
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	},
}

// probe asks a daemon once.
func probe(ctx context.Context, name string) error {
	address, ok := health[name]
	if !ok { // containerd
		conn, err := new(net.Dialer).DialContext(ctx, "unix", containerdSock)
		if err == nil {
			conn.Close()
		}
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := prober.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 2000))
		return fmt.Errorf("GET %s: %s: %s", address, response.Status, strings.TrimSpace(string(text)))
	}
	return nil
}

// await waits until a daemon works. One that dies meanwhile is reported with
// the end of its log.
func (t *testbed) await(ctx context.Context, name string) error {
	p := t.process(name)
	err := poll(ctx, 90*time.Second, func() error {
		if !p.alive() {
			return nil
		}
		return probe(ctx, name)
	})
	if err == nil && p.alive() {
		return nil
	}
	if err == nil {
		err = errors.New("it died")
	}
	return fmt.Errorf("waiting for %s: %w\n%s (%s)", name, err, tail(p.Log, 1500), p.Log)
}

// tail is the end of a log, for a message.
func tail(path string, size int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data[max(0, len(data)-size):]))
}
