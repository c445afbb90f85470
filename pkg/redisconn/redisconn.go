// Package redisconn finds the Redis-like servers of a namespace and opens
// connections to them that are ready for commands.
//
// An [Endpoint] is a server and a way to reach it: a dial function, TLS settings
// and the passwords that its pod was given. [Endpoint.Open] dials, logs in and
// explains what stands in the way when it cannot: no password, a wrong one, TLS
// where none was asked for, another protocol on the port. [Endpoint.Client] is a
// go-redis client over the same connections.
//
// [Finder] looks for servers among pods. What a pod is called proves nothing, so
// every candidate is asked with INFO.
//
// Passwords are read from where the pod itself gets them (environment, Secrets,
// ConfigMaps, mounted files, arguments). They are never printed: messages name
// the source. The package writes nothing to a server but its client name.
package redisconn

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// DialFunc opens a connection; Dialer.To of package podconn returns one.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// Credential is a password, for the default user if Username is empty. It prints
// as its source.
type Credential struct {
	Username string
	Password string
	Source   string // where it came from, such as `Secret "redis" key "password"`

	fallback bool // found, not asked for: only if the server wants somebody
}

func (c Credential) String() string   { return c.Source }
func (c Credential) GoString() string { return c.Source }

// Endpoint is a server and how to reach it. Fields must not change after the
// first use; the methods may be called from several goroutines.
type Endpoint struct {
	Name string // for messages: pod/redis-0:6379, localhost:6379
	Addr string // passed to Dial
	Dial DialFunc
	TLS  *tls.Config // nil for plain TCP
	// Credentials are tried in turn if the server asks for a password, and in any
	// case if they are a user's.
	Credentials []Credential
	// Username is the ACL user that was asked for, "" for the default user. It
	// keeps an endpoint without Credentials from connecting as somebody else.
	Username string
	// ReadOnly sends READONLY on each connection: a replica of a cluster answers
	// only then, and a primary does not mind.
	ReadOnly bool
	// ClientName is what CLIENT LIST on the server shows.
	ClientName string
	// Timeout bounds each dial with its login, 0 means 15 s.
	Timeout time.Duration
	// TLSHint says how the user turns TLS on; flags differ between plugins.
	TLSHint string
	// PasswordHint says how the user names a password.
	PasswordHint string

	mu   sync.Mutex
	used *Credential
}

const (
	defaultTimeout = 15 * time.Second
	// readTimeout is for a busy server behind a slow tunnel.
	readTimeout = 30 * time.Second
	// dialGrace lets Open's own time limit, which has the better words, come first.
	dialGrace = 10 * time.Second
)

// Used is the credential that the server accepted, nil if it wanted none or none
// was tried yet.
func (e *Endpoint) Used() *Credential {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.used
}

func (e *Endpoint) use(c *Credential) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.used = c
}

// Client returns a go-redis client whose connections come from [Endpoint.Open],
// so its errors are as clear. Open names the connections too: a name that
// go-redis sets must not be refused, and some servers forbid CLIENT. It speaks
// RESP2, opens few connections and does nothing in the background, but that a
// server that refused connections is tried again each second until the client is
// closed.
func (e *Endpoint) Client() *redis.Client {
	muteLog()
	return redis.NewClient(&redis.Options{
		Addr:                     e.Addr,
		Dialer:                   func(ctx context.Context, _, _ string) (net.Conn, error) { return e.Open(ctx) },
		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		PoolSize:                 6, // of which most commands use one
		MaxRetries:               1,
		DialerRetries:            1,
		DialTimeout:              e.timeout() + dialGrace,
		ReadTimeout:              readTimeout,
		WriteTimeout:             readTimeout,
		ContextTimeoutEnabled:    true,
	})
}

// InDatabase is a connection of c that has selected a database. Release gives it
// back, in database 0, where c's other users expect to be.
func InDatabase(ctx context.Context, c *redis.Client, db int) (conn *redis.Conn, release func(), err error) {
	const goodbye = time.Second // is how long a server that is gone may keep us
	conn = c.Conn()
	if db == 0 {
		return conn, func() { _ = conn.Close() }, nil
	}
	if err := conn.Select(ctx, db).Err(); err != nil {
		_ = conn.Close()
		return nil, nil, fmt.Errorf("selecting database %d: %w", db, err)
	}
	return conn, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		_ = conn.Select(ctx, 0).Err()
		_ = conn.Close()
	}, nil
}

func (e *Endpoint) timeout() time.Duration {
	if e.Timeout > 0 {
		return e.Timeout
	}
	return defaultTimeout
}

// muteLog keeps go-redis from writing to stderr on its own: each error that it
// logs is returned as well.
var muteLog = sync.OnceFunc(func() { redis.SetLogger(silence{}) })

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
