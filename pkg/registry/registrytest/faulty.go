package registrytest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Proxy stands before a server and does to its answers what rules say.
type Proxy struct {
	URL string

	server  *Server
	forward *httputil.ReverseProxy

	mu       sync.Mutex
	rules    []*Rule
	requests []string // METHOD PATH
}

// Rule says what is done to which requests. Of several that match, the first whose
// turn it is acts.
type Rule struct {
	Method string // "" for any
	Path   string // a regular expression that is found in the path; "" for any
	From   int    // the first match that it acts on, counted from 1; 0 is 1
	Times  int    // on how many it acts; 0 is 1, negative is all
	Do     Action

	path  *regexp.Regexp
	count int
}

// Faulty starts a proxy before s, without rules. It ends with the test.
func Faulty(tb TB, s *Server, rules ...Rule) *Proxy {
	tb.Helper()
	p := &Proxy{server: s}
	transport := &http.Transport{TLSClientConfig: s.tls(), MaxIdleConnsPerHost: 16, DisableCompression: true}
	p.forward = &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			target, err := url.Parse(s.URL)
			if err != nil {
				tb.Error(err)
				return
			}
			r.SetURL(target)
			r.Out.Host = r.In.Host // so that locations lead back here
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p.Add(rules...)
	front := httptest.NewServer(p)
	tb.Cleanup(func() {
		front.Close()
		transport.CloseIdleConnections()
	})
	p.URL = front.URL
	return p
}

// Add adds rules.
func (p *Proxy) Add(rules ...Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range rules {
		r.path = regexp.MustCompile(r.Path)
		p.rules = append(p.rules, &r)
	}
}

// Clear forgets the rules and what was counted.
func (p *Proxy) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.requests = nil, nil
}

// Count is how many requests of a method ("" for all) came whose path matches a
// regular expression.
func (p *Proxy) Count(method, path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	re := regexp.MustCompile(path)
	n := 0
	for _, r := range p.requests {
		m, at, _ := strings.Cut(r, " ")
		if (method == "" || m == method) && re.MatchString(at) {
			n++
		}
	}
	return n
}

// Requests are all requests so far, as METHOD PATH, in order.
func (p *Proxy) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

// Client is a client of the server by way of the proxy.
func (p *Proxy) Client(change ...func(*registry.Options)) *registry.Client {
	p.server.tb.Helper()
	base, err := url.Parse(p.URL)
	if err != nil {
		p.server.tb.Fatal(err)
	}
	return p.server.Client(append([]func(*registry.Options){func(o *registry.Options) { o.Base = base }}, change...)...)
}

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if act := p.action(r); act != nil {
		act(w, r, p.forward)
		return
	}
	p.forward.ServeHTTP(w, r)
}

// action counts a request and finds what is to be done to it.
func (p *Proxy) action(r *http.Request) Action {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, r.Method+" "+r.URL.Path)
	var act Action
	for _, rule := range p.rules {
		if rule.Method != "" && rule.Method != r.Method || !rule.path.MatchString(r.URL.Path) {
			continue
		}
		rule.count++
		nth := rule.count - max(rule.From, 1)
		if act == nil && nth >= 0 && (rule.Times < 0 || nth < max(rule.Times, 1)) {
			act = rule.Do
		}
	}
	return act
}
