package kubetest

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Break is a way to break an upgraded connection, as its client sees it.
type Break int

// Ways to break a connection. All but the last three act once [Fault.After]
// bytes have gone to the client, the answer to the upgrade included.
const (
	// Intact leaves the connection alone.
	Intact Break = iota
	// Cut closes the TCP connection, without a TLS or WebSocket goodbye.
	Cut
	// Reset ends the TCP connection with a reset.
	Reset
	// Stall sends nothing any more and leaves the connection open.
	Stall
	// Slow waits for Fault.Delay before each write.
	Slow
	// NoStatus withholds the final status of an exec; all else is orderly, so
	// that a WebSocket ends with the close code 1000.
	NoStatus
	// Abnormal cuts the connection instead of sending the final status of an
	// exec. A WebSocket client calls that close code 1006.
	Abnormal
	// SplitStatus sends the final status of an exec in several frames.
	SplitStatus
)

// Fault is what goes wrong with a request: a refusal if Code is set, or else a
// broken connection.
type Fault struct {
	// On limits the fault to requests whose path ends with it, such as
	// "exec", "portforward" or "pods"; empty matches all.
	On string
	// Upgrade limits the fault to "websocket" or "spdy"; empty matches all.
	Upgrade string

	// Code refuses the request with this HTTP status.
	Code int
	// RetryAfter goes with Code; full seconds.
	RetryAfter time.Duration
	// Plain makes the refusal a line of text, as proxies send it, and not a
	// Kubernetes Status.
	Plain bool
	// Message replaces the text of the refusal.
	Message string

	Break Break
	After int64
	Delay time.Duration
}

// Faults breaks the connections of a server. Without a fault it lets all pass.
type Faults struct {
	mu     sync.Mutex
	queue  []Fault
	always func(*http.Request) Fault
	held   map[*faultConn]struct{}
}

// Set breaks every request that fault matches, until the next Set or Clear.
func (f *Faults) Set(fault Fault) { f.Func(func(*http.Request) Fault { return fault }) }

// Func lets choose decide for every request, until the next Set or Clear. It
// must be safe for concurrent use.
func (f *Faults) Func(choose func(*http.Request) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always = choose
}

// Next breaks one request for each of faults, the next that it matches.
func (f *Faults) Next(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, faults...)
}

// Clear lets all requests pass from now on.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue, f.always = nil, nil
}

func (f *Faults) pick(r *http.Request) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.queue {
		if fault.matches(r) {
			f.queue = append(f.queue[:i:i], f.queue[i+1:]...)
			return fault
		}
	}
	if f.always != nil {
		if fault := f.always(r); fault.matches(r) {
			return fault
		}
	}
	return Fault{}
}

func (f Fault) matches(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, f.On) && (f.Upgrade == "" || f.Upgrade == upgradeOf(r))
}

// apply answers the request itself, or arranges for its connection to break.
func (f *Faults) apply(w *statusWriter, r *http.Request) (handled bool) {
	fault := f.pick(r)
	if fault.Code != 0 {
		fault.refuse(w)
		return true
	}
	if fault.Break != Intact {
		w.wrap = func(c net.Conn) net.Conn {
			return f.hold(&faultConn{Conn: c, fault: fault, spdy: upgradeOf(r) == "spdy", closed: make(chan struct{})})
		}
	}
	return false
}

func (f Fault) refuse(w http.ResponseWriter) {
	message := f.Message
	if message == "" {
		message = http.StatusText(f.Code)
	}
	seconds := int32(f.RetryAfter / time.Second) // a test's choice
	if seconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	if f.Plain {
		http.Error(w, message, f.Code)
		return
	}
	reasons := map[int]metav1.StatusReason{
		http.StatusUnauthorized: metav1.StatusReasonUnauthorized, http.StatusForbidden: metav1.StatusReasonForbidden,
		http.StatusNotFound: metav1.StatusReasonNotFound, http.StatusConflict: metav1.StatusReasonConflict,
		http.StatusGone: metav1.StatusReasonExpired, http.StatusTooManyRequests: metav1.StatusReasonTooManyRequests,
		http.StatusServiceUnavailable: metav1.StatusReasonServiceUnavailable,
	}
	reason, ok := reasons[f.Code]
	if !ok {
		reason = metav1.StatusReasonInternalError
	}
	status := metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
		Reason: reason, Message: message, Code: int32(f.Code), // an HTTP code
	}
	if seconds > 0 {
		status.Details = &metav1.StatusDetails{RetryAfterSeconds: seconds}
	}
	writeJSON(w, f.Code, &status)
}

func (f *Faults) hold(c *faultConn) net.Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held == nil {
		f.held = map[*faultConn]struct{}{}
	}
	f.held[c] = struct{}{}
	c.forget = func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.held, c)
	}
	return c
}

// release ends what stalls, at the end of the server.
func (f *Faults) release() {
	f.mu.Lock()
	held := make([]*faultConn, 0, len(f.held))
	for c := range f.held {
		held = append(held, c)
	}
	f.mu.Unlock()
	for _, c := range held {
		c.Close()
	}
}

// String describes a fault in the output of a failed test.
func (f Fault) String() string {
	if f.Code != 0 {
		return fmt.Sprintf("HTTP %d (plain %v) on %q", f.Code, f.Plain, f.On)
	}
	name := []string{"intact", "cut", "reset", "stall", "slow", "no status", "abnormal", "split status"}[f.Break]
	return fmt.Sprintf("%s after %d bytes on %q %s", name, f.After, f.On, f.Upgrade)
}
