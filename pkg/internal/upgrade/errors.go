package upgrade

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Refused is the server's answer to an upgrade request that it did not grant.
// Nothing was started.
type Refused struct {
	// Code is the HTTP status code; 101 if the server switched protocols but
	// to something else than what was asked for.
	Code int
	// Status is what Kubernetes said, nil if the answer did not come from
	// Kubernetes or was not understood.
	Status *metav1.Status
	// RetryAfter is how long the server asks to wait; 0 if it does not say.
	RetryAfter time.Duration
	// Text is the first line of an answer without a Status.
	Text string
	// Method is that of the request: GET for a WebSocket, POST for SPDY.
	Method string
}

func (r *Refused) Error() string {
	switch {
	case r.Status != nil && r.Status.Message != "":
		return r.Status.Message
	case r.Text != "":
		return fmt.Sprintf("unable to upgrade connection: %s (HTTP %d)", r.Text, r.Code)
	}
	return fmt.Sprintf("unable to upgrade connection: HTTP %d %s", r.Code, http.StatusText(r.Code))
}

// Unanswered says that the request was sent but its answer never arrived in
// full. Whether the server acted on it is unknown.
type Unanswered struct{ Err error }

func (u *Unanswered) Error() string {
	return "waiting for the API server to answer an upgrade request: " + u.Err.Error()
}

func (u *Unanswered) Unwrap() error { return u.Err }

// maxRefusal bounds how much of a refusal's body is read.
const maxRefusal = 64 << 10

func refusal(resp *http.Response) *Refused {
	r := &Refused{Code: resp.StatusCode}
	if resp.Request != nil {
		r.Method = resp.Request.Method
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		r.RetryAfter = time.Duration(s) * time.Second
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		r.Text = "the server switched to an unknown protocol"
		return r
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if r.Status = readStatus(body, err != nil); r.Status != nil {
		if d := r.Status.Details; d != nil && r.RetryAfter == 0 {
			r.RetryAfter = time.Duration(d.RetryAfterSeconds) * time.Second
		}
		return r
	}
	r.Text, _, _ = strings.Cut(strings.TrimSpace(string(body)), "\n")
	return r
}

var (
	statusKind    = regexp.MustCompile(`"kind"\s*:\s*"Status"`)
	statusMessage = regexp.MustCompile(`"message"\s*:\s*("(?:[^"\\]|\\.)*")`)
)

// readStatus recognises a Kubernetes Status. One that was cut short still
// counts, with what can be read of it: it proves who refused.
func readStatus(body []byte, cut bool) *metav1.Status {
	var s metav1.Status
	if json.Unmarshal(body, &s) == nil && s.Kind == "Status" {
		return &s
	}
	if (!cut && len(body) < maxRefusal) || !statusKind.Match(body) {
		return nil
	}
	s = metav1.Status{Status: metav1.StatusFailure}
	if m := statusMessage.FindSubmatch(body); m != nil {
		//nolint:errcheck // an unreadable message leaves the HTTP code to speak
		json.Unmarshal(m[1], &s.Message)
	}
	return &s
}

// Fallback says whether err means that WebSockets do not work on the way to
// the server, so that SPDY is worth a try. An answer from Kubernetes itself,
// such as "forbidden", "not found" or "too many requests", would be the same
// over SPDY: asking twice would only double the load and the audit log.
func Fallback(err error) bool {
	var r *Refused
	if !errors.As(err, &r) {
		return false
	}
	switch {
	case r.Status != nil:
		return statusMeansNoWebSocket(r)
	case r.Code == http.StatusUnauthorized, r.Code == http.StatusTooManyRequests,
		r.Code == http.StatusProxyAuthRequired:
		return false
	case r.Code == http.StatusGatewayTimeout:
		// Somebody waited for an answer: the request has gone through.
		return false
	case r.Code == http.StatusInternalServerError:
		// The kubelet answers in plain text, for instance that a container
		// does not run. What does not know WebSockets answers differently.
		return false
	}
	return r.RetryAfter == 0
}

// statusMeansNoWebSocket picks out the one refusal by Kubernetes that is about
// the transport: an API server that passes the WebSocket request on to a
// kubelet or a runtime which then does not know the protocol.
func statusMeansNoWebSocket(r *Refused) bool {
	return r.Code == http.StatusBadRequest &&
		(strings.Contains(r.Status.Message, "pgrade request required") ||
			strings.Contains(r.Status.Message, "unable to upgrade"))
}
