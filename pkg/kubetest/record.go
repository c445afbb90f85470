package kubetest

import (
	"io"
	"log"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

var discardLog = log.New(io.Discard, "", 0)

// Request is one request as the server saw it.
type Request struct {
	Method string
	Path   string
	Query  url.Values
	// Upgrade is "websocket", "spdy" or "".
	Upgrade string
	// Code is the HTTP status of the answer; 0 while there is none, and 101
	// for an upgrade that was let through to its handler.
	Code int
}

// Subresource is the last part of the path of a request for a subresource of a
// pod, such as "exec", or "".
func (r Request) Subresource() string {
	if parts := strings.Split(strings.Trim(r.Path, "/"), "/"); len(parts) == 7 && parts[4] == "pods" {
		return parts[6]
	}
	return ""
}

// Recorder is a log of requests.
type Recorder struct {
	mu       sync.Mutex
	requests []*Request
}

func (r *Recorder) start(req *http.Request) func(code int) {
	entry := &Request{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query(), Upgrade: upgradeOf(req)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, entry)
	return func(code int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		entry.Code = code
	}
}

func upgradeOf(r *http.Request) string {
	switch up := strings.ToLower(r.Header.Get("Upgrade")); {
	case up == "websocket":
		return up
	case strings.HasPrefix(up, "spdy"):
		return "spdy"
	}
	return ""
}

// Requests returns the requests so far, oldest first.
func (r *Recorder) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Request, 0, len(r.requests))
	for _, e := range r.requests {
		out = append(out, *e)
	}
	return out
}

// Count returns how many requests match.
func (r *Recorder) Count(match func(Request) bool) int {
	return len(slices.DeleteFunc(r.Requests(), func(q Request) bool { return !match(q) }))
}

// Upgrades returns how many requests asked for the upgrade of a subresource
// such as "exec" or "portforward".
func (r *Recorder) Upgrades(subresource string) int {
	return r.Count(func(q Request) bool { return q.Upgrade != "" && q.Subresource() == subresource })
}

// Reset forgets all requests.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = nil
}
