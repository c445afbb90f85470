package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// requests counts what the plugin asks the API server, by way of a proxy between
// the two.
func requests(ctx context.Context, b *bench) error {
	p, err := startProxy(b)
	if err != nil {
		return err
	}
	defer p.stop()
	behind := *b
	behind.o.kubeconfig = p.kubeconfig
	j := job{pods: b.o.pods, parallel: 64, command: []string{"true"}}
	if _, err := behind.xexec(ctx, j, allOK(j.pods)); err != nil {
		return err
	}
	counts := p.counts()
	fmt.Printf("\nrequests for %d pods of one namespace\n\n| request | number |\n|---|---|\n", b.o.pods)
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		fmt.Printf("| %s | %d |\n", kind, counts[kind])
	}
	lists, reviews, execs := counts["list pods"], counts["create selfsubjectaccessreviews"], counts["exec"]
	all := 0
	for _, n := range counts {
		all += n
	}
	met := lists <= (b.o.pods+499)/500 && reviews <= 3 && execs == b.o.pods && all == lists+reviews+execs
	fmt.Printf("\nbar: %d lists, at most 3 reviews, %d exec, nothing else: %s\n", (b.o.pods+499)/500, b.o.pods, verdict(met))
	return nil
}

// proxy passes requests on with the credentials of a kubeconfig and counts them.
type proxy struct {
	kubeconfig string // of the proxy itself
	server     *http.Server

	mu   sync.Mutex
	seen map[string]int
}

const proxyConfig = `apiVersion: v1
kind: Config
current-context: proxy
clusters: [{name: proxy, cluster: {server: "http://%s"}}]
contexts: [{name: proxy, context: {cluster: proxy, user: ""}}]
`

func startProxy(b *bench) (*proxy, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", b.o.kubeconfig)
	if err != nil {
		return nil, err
	}
	cfg.NextProtos = []string{"http/1.1"} // the only one with upgrades
	transport, err := rest.TransportFor(cfg)
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(cfg.Host)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{kubeconfig: filepath.Join(b.dir, "proxy.kubeconfig"), seen: map[string]int{}}
	pass := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	p.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // on loopback, for seconds
		p.note(r)
		pass.ServeHTTP(w, r)
	})}
	go func() { _ = p.server.Serve(listener) }()
	return p, os.WriteFile(p.kubeconfig, fmt.Appendf(nil, proxyConfig, listener.Addr()), 0o600)
}

func (p *proxy) note(r *http.Request) {
	kind := r.Method + " " + r.URL.Path
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	last := parts[len(parts)-1]
	switch {
	case last == "exec":
		kind = "exec"
	case r.Method == http.MethodPost && last == "selfsubjectaccessreviews":
		kind = "create " + last
	case r.Method == http.MethodGet && last == "pods":
		kind = "list pods"
	case r.Method == http.MethodGet && len(parts) > 2 && parts[len(parts)-2] == "pods":
		kind = "get a pod"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[kind]++
}

func (p *proxy) counts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.seen)
}

func (p *proxy) stop() { _ = p.server.Close() }
