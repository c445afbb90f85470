package registrytest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Tokens is the token server of a registry with [Bearer]. It knows [User] and lets
// nobody else in.
type Tokens struct {
	// Realm is the address that the registry names. Its host does not resolve: a client
	// gets there only by a dialer of its own.
	Realm string
	Addr  string // where it listens: 127.0.0.1:PORT

	mu          sync.Mutex
	life        time.Duration
	grant       func(scope string) bool
	asked       []string
	certificate *certificate
}

// TokenHost is the host of a token server's Realm.
const TokenHost = "tokens.example"

func (s *Server) startTokens() error {
	c, err := newCertificate()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	t := &Tokens{Addr: l.Addr().String(), Realm: "http://" + TokenHost + "/token", life: time.Hour, certificate: c}
	server := &http.Server{Handler: t, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() { _ = server.Serve(l); close(done) }() // ends with Close
	s.tb.Cleanup(func() { server.Close(); <-done })
	s.Tokens = t
	return c.write(s.file("tokens.crt"))
}

// SetLife changes for how long tokens are good, which was an hour. Distribution lets
// them be a minute late, so that a negative life below that is one that has passed.
func (t *Tokens) SetLife(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.life = d
}

// SetGrant limits the scopes, such as "repository:a/b:pull", that are granted. A
// scope with several actions is asked about action by action.
func (t *Tokens) SetGrant(f func(scope string) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.grant = f
}

// Asked are the scopes of every request for a token so far, in order.
func (t *Tokens) Asked() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.asked...)
}

// ServeHTTP implements [http.Handler].
func (t *Tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	scopes := r.URL.Query()["scope"]
	t.asked = append(t.asked, strings.Join(scopes, " "))
	user, password, _ := r.BasicAuth()
	w.Header().Set("Content-Type", "application/json")
	if user != User || password != Password {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"errors":[{"code":"UNAUTHORIZED","message":"wrong user or password"}]}`))
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"token": t.sign(scopes)}) // the client has gone
}

// forURL is a token for all that may be done with an address of the API.
func (t *Tokens) forURL(u *url.URL) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	scopes := []string{"registry:catalog:*"}
	if from := u.Query().Get("from"); from != "" {
		scopes = append(scopes, "repository:"+from+":pull")
	}
	path := strings.TrimPrefix(u.Path, "/v2/")
	for _, end := range []string{"/blobs/", "/manifests/", "/tags/"} {
		if i := strings.LastIndex(path, end); i > 0 {
			scopes = append(scopes, "repository:"+path[:i]+":pull,push,delete")
		}
	}
	life, grant := t.life, t.grant
	t.life, t.grant = time.Hour, nil
	defer func() { t.life, t.grant = life, grant }()
	return t.sign(scopes)
}

// access is what a token allows.
type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// sign makes a token; t is locked.
func (t *Tokens) sign(scopes []string) string {
	granted := []access{}
	for _, scope := range scopes {
		kind, rest, _ := strings.Cut(scope, ":")
		i := strings.LastIndex(rest, ":")
		if i < 0 {
			continue
		}
		a := access{Type: kind, Name: rest[:i], Actions: []string{}}
		for action := range strings.SplitSeq(rest[i+1:], ",") {
			if t.grant == nil || t.grant(kind+":"+a.Name+":"+action) {
				a.Actions = append(a.Actions, action)
			}
		}
		granted = append(granted, a)
	}
	now := time.Now()
	text := encode64(toJSON(map[string]any{
		"typ": "JWT", "alg": "ES256",
		"x5c": []string{base64.StdEncoding.EncodeToString(t.certificate.der)},
	})) + "." + encode64(toJSON(map[string]any{
		"iss": "tests", "sub": User, "aud": "tests", "jti": rand.Text(), "access": granted,
		"iat": now.Unix(), "nbf": now.Add(-time.Hour).Unix(), "exp": now.Add(t.life).Unix(),
	}))
	sum := sha256.Sum256([]byte(text))
	r, v, err := ecdsa.Sign(rand.Reader, t.certificate.key, sum[:])
	if err != nil {
		return ""
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	v.FillBytes(signature[32:])
	return text + "." + encode64(signature)
}

func encode64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Challenge answers as the server does who is not shown credentials.
func (s *Server) Challenge(w http.ResponseWriter) {
	switch s.options.Auth {
	case Basic:
		w.Header().Set("Www-Authenticate", `Basic realm="tests"`)
	case Bearer:
		w.Header().Set("Www-Authenticate", `Bearer realm="`+s.Tokens.Realm+`",service="tests"`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(`{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)) // the client may have gone
}
