package registry

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

const (
	maxErrorBody = 64 << 10 // bytes of a refusal that are read
	maxMessage   = 300      // bytes of it that are shown
)

// parseError reads a refusal.
func parseError(resp *http.Response, r *request) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // what came will do
	e := &Error{
		Method: r.method, Path: r.path, Repository: r.repo, Reference: r.ref,
		Status:     resp.StatusCode,
		RetryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now()),
		registry:   resp.Header.Get("Docker-Distribution-Api-Version") != "",
		needsScope: strings.Contains(resp.Header.Get("Www-Authenticate"), "insufficient_scope"),
	}
	e.read(body, resp.Header)
	if to, err := resp.Location(); err == nil && e.Status >= 300 && e.Status < 400 {
		e.Message = oneLine("it redirects to " + to.Scheme + "://" + to.Host)
	}
	return e
}

// read takes the protocol's form of an error, or else the first line of a text.
func (e *Error) read(body []byte, header http.Header) {
	var doc struct {
		Errors []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
		Message string `json:"message"`
	}
	switch {
	case json.Unmarshal(body, &doc) == nil:
		var messages []string
		for _, d := range doc.Errors {
			if d.Code != "" {
				e.Codes = append(e.Codes, oneLine(d.Code))
			}
			if d.Message != "" {
				messages = append(messages, d.Message)
			}
		}
		e.Message = oneLine(strings.Join(messages, "; "))
		if e.Message == "" {
			e.Message = oneLine(doc.Message)
		}
		e.registry = e.registry || len(e.Codes) > 0
	case isHTML(header):
		e.Message = "an HTML page, which is no registry's answer"
		e.registry = false
	default:
		line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		e.Message = oneLine(strings.TrimSpace(line))
	}
}

// oneLine makes a stranger's text fit for a line of an error.
func oneLine(text string) string {
	if len(text) > maxMessage {
		text = strings.TrimRightFunc(text[:maxMessage], func(r rune) bool { return r == utf8.RuneError }) + "…"
	}
	return streams.SanitizeLine(scrubURLs(text))
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if text == "" {
		return 0
	}
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), 24*60*60)) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
