//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// Request is one request for a stream into a pod, as the API server saw it.
type Request struct {
	Verb      string
	Pod       string
	UserAgent string
	Code      int
}

// Requests reads from the audit log every finished request for a subresource
// ("exec", "attach", "portforward") of pods in the namespace, in order. Its
// length says how often a client really asked.
func (n *Namespace) Requests(t testing.TB, subresource string) []Request {
	t.Helper()
	file, err := os.Open(n.Testbed(t).AuditLog)
	if err != nil {
		t.Fatalf("opening the audit log: %v", err)
	}
	defer file.Close()
	var requests []Request
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct {
			Stage     string `json:"stage"`
			Verb      string `json:"verb"`
			UserAgent string `json:"userAgent"`
			ObjectRef struct {
				Namespace   string `json:"namespace"`
				Name        string `json:"name"`
				Subresource string `json:"subresource"`
			} `json:"objectRef"`
			ResponseStatus struct {
				Code int `json:"code"`
			} `json:"responseStatus"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatalf("reading the audit log: %v", err)
		}
		ref := event.ObjectRef
		if event.Stage == "ResponseComplete" && ref.Namespace == n.Name && ref.Subresource == subresource {
			requests = append(requests, Request{event.Verb, ref.Name, event.UserAgent, event.ResponseStatus.Code})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("reading the audit log: %v", err)
	}
	return requests
}
