package redisconn

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

func TestMain(m *testing.M) {
	// After failed dials go-redis asks once a second whether the server is back, and
	// sees only then that the client has been closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

func endpoint(s *redistest.Server, passwords ...string) *Endpoint {
	e := &Endpoint{Name: "test", Addr: s.Addr, Dial: s.Dial, ClientName: "redisconn-test", TLSHint: "add --tls", PasswordHint: "give a password"}
	for i, p := range passwords {
		e.Credentials = append(e.Credentials, Credential{Password: p, Source: "source " + string(rune('A'+i))})
	}
	return e
}

func TestLogin(t *testing.T) {
	open, locked := redistest.Start(t), redistest.Start(t, "--requirepass", "right")
	for name, c := range map[string]struct {
		e      *Endpoint
		want   error
		hint   string
		source string // of the credential that was used
	}{
		"no password asked, none given":   {endpoint(open), nil, "", ""},
		"no password asked, one given":    {endpoint(open, "surplus"), nil, "", ""},
		"password asked, right one given": {endpoint(locked, "right"), nil, "", "source A"},
		"second of two is right":          {endpoint(locked, "wrong", "right"), nil, "", "source B"},
		"password asked, none given":      {endpoint(locked), ErrNoPassword, "give a password", ""},
		"wrong password":                  {endpoint(locked, "wr0ng"), ErrWrongPassword, "give a password", ""},
	} {
		conn, err := c.e.Open(context.Background())
		if !errors.Is(err, c.want) || (c.want == nil) != (err == nil) || hint.Of(err) != c.hint {
			t.Errorf("%s: %v (hint %q), want %v", name, err, hint.Of(err), c.want)
		}
		if err != nil && strings.Contains(err.Error(), "wr0ng") {
			t.Errorf("%s: the error tells the password", name)
		}
		used := c.e.Used()
		if used == nil && c.source != "" || used != nil && used.Source != c.source {
			t.Errorf("%s: used %v, want %q", name, used, c.source)
		}
		if conn != nil {
			conn.Close()
		}
	}
}

func TestACLUser(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "root", "--user", "reader", "on", ">rpw", "~*", "+ping", "+info", "+client|setname")
	e := endpoint(server)
	e.Credentials = []Credential{{Username: "reader", Password: "rpw", Source: "file"}}
	c := e.Client()
	defer c.Close()
	s, err := Inspect(context.Background(), c)
	if err != nil || s.Flavour != "redis" || s.RunID == "" || s.Mode != "standalone" || s.Role != "master" || s.UsedMemory == 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := c.Get(context.Background(), "x").Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
		t.Errorf("GET as reader: %v", err)
	}
	e.Credentials[0].Password = "no"
	e = &Endpoint{Name: "test", Dial: server.Dial, Credentials: e.Credentials}
	if _, err := e.Open(context.Background()); !errors.Is(err, ErrWrongPassword) || !strings.Contains(err.Error(), `user "reader" with file`) {
		t.Errorf("wrong password of a user: %v", err)
	}
}

// TestStrangers: whatever listens, one clear line says so.
func TestStrangers(t *testing.T) {
	for name, c := range map[string]struct {
		answer string // to what the client sends first; "" hangs up
		want   string
		is     error
	}{
		"memcached":      {"ERROR\r\nERROR\r\nERROR\r\n", "it answers like Memcached", ErrNotRedis},
		"web server":     {"HTTP/1.1 400 Bad Request\r\n\r\n", "it answers with HTTP", ErrNotRedis},
		"other":          {"220 smtp ready\r\n", "220 smtp ready", ErrNotRedis},
		"hangs up":       {"", "closed the connection", nil},
		"still loading":  {"-LOADING Redis is loading the dataset in memory\r\n", "loading its data", nil},
		"protected mode": {"-DENIED Redis is running in protected mode\r\n", "protected mode", nil},
		"too many":       {"-ERR max number of clients reached\r\n", "max number of clients reached", nil},
	} {
		e := &Endpoint{Name: "it", Addr: "x", Dial: answering(t, c.answer)}
		_, err := e.Open(context.Background())
		if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func answering(t *testing.T, answer string) DialFunc {
	return func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		done := make(chan struct{})
		t.Cleanup(func() { far.Close(); <-done })
		go func() {
			defer close(done)
			defer far.Close()
			if _, err := far.Read(make([]byte, 4096)); err == nil && answer != "" {
				_, _ = io.WriteString(far, answer)
				_, _ = io.Copy(io.Discard, far)
			}
		}()
		return near, nil
	}
}

func TestSilenceTimesOut(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	e := &Endpoint{Name: "it", Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }, Timeout: 50 * time.Millisecond}
	const want = "connecting to it: no answer within 50ms"
	if _, err := e.Open(context.Background()); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	e.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	c := e.Client()
	defer c.Close()
	if _, err := Inspect(context.Background(), c); err == nil || err.Error() != want {
		t.Errorf("through the client: %v", err)
	}
}

func TestTLS(t *testing.T) {
	certs := newCerts(t)
	server := redistest.Start(t, "--port", "0", "--tls-port", redistest.PortPlaceholder, "--tls-cert-file", certs.cert, "--tls-key-file", certs.key,
		"--tls-ca-cert-file", certs.cert, "--tls-auth-clients", "no")
	plain := redistest.Start(t)
	for name, c := range map[string]struct {
		server *redistest.Server
		tls    *tls.Config
		want   error
		hint   string
	}{
		"trusted":           {server, &tls.Config{RootCAs: certs.pool, ServerName: "redis.prod.svc"}, nil, ""},
		"not checked":       {server, &tls.Config{InsecureSkipVerify: true}, nil, ""},
		"plain to TLS":      {server, nil, ErrNeedsTLS, "add --tls"},
		"TLS to plain":      {plain, &tls.Config{InsecureSkipVerify: true}, ErrNotTLS, "leave out --tls"},
		"unknown authority": {server, &tls.Config{ServerName: "redis.prod.svc", RootCAs: x509.NewCertPool()}, nil, "give the CA's certificate with --tls-ca-file FILE, or do without the check with --tls-skip-verify"},
		"valid for another": {server, &tls.Config{RootCAs: certs.pool, ServerName: "other"}, nil, "it is valid for redis.prod.svc: name one with --tls-name"},
	} {
		e := endpoint(c.server)
		e.TLS = c.tls
		conn, err := e.Open(context.Background())
		good := c.want == nil && c.hint == ""
		if good != (err == nil) || c.want != nil && !errors.Is(err, c.want) || hint.Of(err) != c.hint {
			t.Errorf("%s: %v (hint %q)", name, err, hint.Of(err))
		}
		if conn != nil {
			conn.Close()
		}
	}
}

func TestClientCertificateWanted(t *testing.T) {
	certs := newCerts(t)
	server := redistest.Start(t, "--port", "0", "--tls-port", redistest.PortPlaceholder, "--tls-cert-file", certs.cert, "--tls-key-file", certs.key, "--tls-ca-cert-file", certs.cert)
	e := endpoint(server)
	e.TLS = &tls.Config{RootCAs: certs.pool, ServerName: "redis.prod.svc"}
	if _, err := e.Open(context.Background()); err == nil || !strings.Contains(hint.Of(err), "give --tls-cert-file and --tls-key-file") {
		t.Errorf("without a certificate: %v (hint %q)", err, hint.Of(err))
	}
	pair, err := tls.LoadX509KeyPair(certs.cert, certs.key)
	if err != nil {
		t.Fatal(err)
	}
	e.TLS.Certificates = []tls.Certificate{pair}
	conn, err := e.Open(context.Background())
	if err != nil {
		t.Fatalf("with a certificate: %v", err)
	}
	conn.Close()
}

type certs struct {
	cert, key string
	pool      *x509.CertPool
}

// newCerts makes a certificate that signs itself and serves both sides.
func newCerts(t *testing.T) certs {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"redis.prod.svc"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := certs{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()}
	writePEM(t, c.cert, "CERTIFICATE", der)
	writePEM(t, c.key, "PRIVATE KEY", keyDER)
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	c.pool.AddCert(parsed)
	return c
}

func writePEM(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestParseInfo(t *testing.T) {
	for text, want := range map[string]string{
		"redis_version:7.0.15\r\nredis_mode:standalone\r\nrole:master\r\ndb0:keys=5,expires=0,avg_ttl=0\r\ndb3:keys=7,expires=1\r\n": "redis 7.0.15 standalone 12",
		"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\nserver_mode:cluster\r\n":                               "valkey 8.1.1 cluster 0",
		"redis_version:6.3.4\r\nredis_mode:standalone\r\nmvcc_depth:0\r\n":                                                           "keydb 6.3.4 standalone 0",
		"redis_version:7.4.0\r\ndragonfly_version:df-v1.25.0\r\nredis_mode:standalone\r\n":                                           "dragonfly v1.25.0 standalone 0",
	} {
		s, err := parseInfo(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s %s %s %d", s.Flavour, s.Version, s.Mode, s.Keys()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if _, err := parseInfo("hello"); !errors.Is(err, ErrNotRedis) {
		t.Errorf("nonsense: %v", err)
	}
}

// TestServersWithoutClient: a name in CLIENT LIST is a courtesy, and must not be
// a condition.
func TestServersWithoutClient(t *testing.T) {
	for name, server := range map[string]*redistest.Server{
		"renamed":   redistest.Start(t, "--rename-command", "CLIENT", ""),
		"forbidden": redistest.Start(t, "--user", "default", "on", "nopass", "~*", "+ping", "+info"),
	} {
		c := endpoint(server).Client()
		if s, err := Inspect(context.Background(), c); err != nil || s.Flavour != "redis" {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		c.Close()
	}
}

func TestConnectionsHaveANameWhereTheyMay(t *testing.T) {
	c := endpoint(redistest.Start(t)).Client()
	defer c.Close()
	if name, err := c.ClientGetName(context.Background()).Result(); err != nil || name != "redisconn-test" {
		t.Errorf("name %q, %v", name, err)
	}
}

// TestUserIsLoggedInWhateverTheDefaultUserMay: the default user gets in without a
// password, and may ping or not, but somebody else was named.
func TestUserIsLoggedInWhateverTheDefaultUserMay(t *testing.T) {
	ctx := context.Background()
	reader := []string{"--user", "reader", "on", ">rpw", "~*", "+info", "+acl|whoami"}
	for name, rights := range map[string]string{"may ping": "+ping", "may nothing": "-@all"} {
		server := redistest.Start(t, append([]string{"--user", "default", "on", "nopass", "-@all", rights}, reader...)...)
		e := endpoint(server)
		e.Credentials = []Credential{{Username: "reader", Password: "rpw", Source: "file"}}
		c := e.Client()
		if who, err := c.ACLWhoAmI(ctx).Result(); err != nil || who != "reader" {
			t.Errorf("default user %s: logged in as %q, %v", name, who, err)
		}
		c.Close()

		e = endpoint(server)
		e.Username = "reader"
		if _, err := e.Open(ctx); !errors.Is(err, ErrNoPassword) || !strings.Contains(err.Error(), `for user "reader"`) {
			t.Errorf("default user %s: a user without a password: %v", name, err)
		}
		e.Credentials = []Credential{{Username: "reader", Password: "no", Source: "file"}}
		if _, err := e.Open(ctx); !errors.Is(err, ErrWrongPassword) {
			t.Errorf("default user %s: a user with a wrong password: %v", name, err)
		}
	}
}

// TestDefaultUserWithoutPing: a password that was found does no harm where none
// is wanted.
func TestDefaultUserWithoutPing(t *testing.T) {
	server := redistest.Start(t, "--user", "default", "on", "nopass", "-@all", "+info")
	for _, passwords := range [][]string{nil, {"surplus"}} {
		c := endpoint(server, passwords...).Client()
		if s, err := Inspect(context.Background(), c); err != nil || s.Flavour != "redis" {
			t.Errorf("with %d passwords: %+v, %v", len(passwords), s, err)
		}
		c.Close()
	}
}
