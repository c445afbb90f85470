package registry

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-3": 0, "soon": 0, "99999999999": 24 * time.Hour, "999999": 24 * time.Hour,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second, "Fri, 02 Jan 2026 03:00:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestSecretsLeaveURLs(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain",
		`Get "https://s3.example/b/x?X-Amz-Signature=sesame&y=1": EOF`: `Get "https://s3.example/b/x?…": EOF`,
		"see http://user:sesame@host/x?a=sesame or https://other/":     "see http://…host/x?… or https://other/",
		"https://a/b?sesame' and https://user:sesame@c":                "https://a/b?…' and https://…c",
	} {
		got := scrubURLs(text)
		if strings.Contains(got, "sesame") || got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		body, contentType, want string
	}{
		"protocol":      {`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"x"}}]}`, "", "status 404, MANIFEST_UNKNOWN: manifest unknown"},
		"several":       {`{"errors":[{"code":"A","message":"one"},{"code":"B","message":"two"}]}`, "", "status 404, A, B: one; two"},
		"other JSON":    {`{"message":"no"}`, "", "status 404: no"},
		"number":        {`1`, "", "status 404: 1"},
		"text":          {"\n go away \nsecond", "", "status 404: go away"},
		"nothing":       {"", "", "status 404 not found"},
		"page":          {"<html>", "text/html; charset=utf-8", "status 404: an HTML page, which is no registry's answer"},
		"escapes":       {"{\"errors\":[{\"code\":\"X\\u001b[2J\",\"message\":\"\\u001b]0;title\\u0007\"}]}", "", `status 404, X\x1b[2J: \x1b]0;title\x07`},
		"signed":        {"moved to https://s3/x?sig=sesame", "", "status 404: moved to https://s3/x?…"},
		"invalid UTF-8": {"\xff\xfe", "", `status 404: \xff\xfe`},
	} {
		t.Run(name, func(t *testing.T) {
			e := &Error{Status: http.StatusNotFound}
			h := http.Header{}
			h.Set("Content-Type", test.contentType)
			e.read([]byte(test.body), h)
			if e.Error() != test.want {
				t.Errorf("got %q, want %q", e.Error(), test.want)
			}
		})
	}
	long := oneLine(strings.Repeat("ä", 400))
	if len(long) > maxMessage+4 || !strings.HasSuffix(long, "ä…") {
		t.Errorf("%d bytes: %q", len(long), long)
	}
}

func TestLinks(t *testing.T) {
	for header, want := range map[string]string{
		`</v2/_catalog?last=a%2Fb&n=2>; rel="next"`:       "last=a%2Fb&n=2",
		`<https://h/v2/x/tags/list?last=1>; Rel = "NEXT"`: "last=1",
		`<https://h/v2/x/tags/list?last=1>; REL="next"`:   "last=1",
		`<?n=1>`: "n=1",
		`<?p=0>; title="x,y"; rel=prev, <?p=2>; rel="next"`: "p=2",
		`<?p=0>; rel=prev, <?p=2>; rel=next`:                "p=2",
		`<%zz>; rel=next`:                                   "",
		`nonsense`:                                          "",
		`<unclosed`:                                         "",
		``:                                                  "",
	} {
		if got := nextPage(http.Header{"Link": {header}}); got.Encode() != want {
			t.Errorf("%q: %q, want %q", header, got.Encode(), want)
		}
	}
}

func TestSignedPayload(t *testing.T) {
	for body, want := range map[string]string{
		`{`:                                  "no JSON",
		`{"signatures":[]}`:                  "no signature",
		`{"signatures":[{}]}`:                "decoding its signature",
		`{"signatures":[{"protected":"!"}]}`: "decoding its signature",
		`{"signatures":[{"protected":"eyJmb3JtYXRMZW5ndGgiOjk5OTksImZvcm1hdFRhaWwiOiJmUSJ9"}]}`: "9999 bytes",
		`{"signatures":[{"protected":"eyJmb3JtYXRMZW5ndGgiOi0xLCJmb3JtYXRUYWlsIjoiZlEifQ"}]}`:   "-1 bytes",
	} {
		if _, err := signedPayload([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}

// What tells the registry who we are, and who it is, does not count for others.
func TestIdentityStaysWithTheRegistry(t *testing.T) {
	o := Options{Base: &url.URL{Scheme: "https", Host: "registry.example"}, Conns: 3, TLS: &tls.Config{
		ServerName: "service", Certificates: []tls.Certificate{{}}, MinVersion: tls.VersionTLS13,
	}}
	both := newTransport(o, o.Base)
	own, other := both.registry.TLSClientConfig, both.other.TLSClientConfig
	if own.ServerName != "service" || len(own.Certificates) != 1 || other.MinVersion != tls.VersionTLS13 {
		t.Error("settings were lost")
	}
	if other.ServerName != "" || len(other.Certificates) != 0 {
		t.Error("others get what is the registry's")
	}
}
