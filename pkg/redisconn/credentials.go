package redisconn

import (
	"context"
	"errors"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// passwordVariables are the names under which images and charts take the server's
// password, in the order in which they are tried.
var passwordVariables = []string{
	"REDIS_PASSWORD", "VALKEY_PASSWORD", "KEYDB_PASSWORD", "DFLY_requirepass", "DFLY_PASSWORD", "DRAGONFLY_PASSWORD",
	"REDIS_DEFAULT_PASSWORD", "REDIS_REQUIREPASS", "REQUIREPASS", "REDIS_PASS", "REDIS_AUTH",
	"REDISCLI_AUTH", "VALKEYCLI_AUTH", "REDIS_MASTER_PASSWORD", "VALKEY_PRIMARY_PASSWORD",
}

// fileSuffix turns such a name into that of a variable that holds a path.
const fileSuffix = "_FILE"

// podCredentials collects the passwords that a container's server was given. An
// error says what could not be read; the credentials are what could.
func podCredentials(ctx context.Context, client Client, pod *corev1.Pod, c *corev1.Container, username string) ([]Credential, error) {
	e := newEnvironment(client, pod, c)
	all := words(c)
	found := collector{username: username}
	if username == "" {
		found.user = e.user(ctx)
	}
	if w, ok := option(all, "requirepass"); ok {
		v, err := e.expand(ctx, w, "argument --requirepass", 0)
		found.add(v, "argument --requirepass", err)
	}
	for _, name := range passwordVariables {
		v, err := e.variable(ctx, name)
		found.add(v, "env "+name, err)
		v, err = e.variable(ctx, name+fileSuffix)
		if v != nil {
			v, err = e.file(ctx, strings.TrimSpace(v.text))
		}
		found.add(v, "env "+name+fileSuffix, err)
	}
	var conf *value
	if name := configFile(all); name != "" {
		v, err := e.file(ctx, name)
		if v != nil {
			conf, v = v, &value{directive(v.text, "requirepass"), v.source}
		}
		found.add(v, name, err)
	}
	found.acl(ctx, e, all, conf)
	return found.credentials, errors.Join(found.errors...)
}

// collector keeps each password and each error once.
type collector struct {
	username    string
	user        string // of the pod's own clients; not to log in with unless asked
	credentials []Credential
	errors      []error
}

// add takes what a place gave; detail says which place, unless v's source does.
func (c *collector) add(v *value, detail string, err error) {
	if err != nil && !slices.Contains(c.errors, err) { // one object may be asked for many names
		c.errors = append(c.errors, err)
	}
	if v == nil || err != nil {
		return
	}
	password := trimNewline(v.text)
	known := func(k Credential) bool { return k.Password == password }
	if password == "" || slices.ContainsFunc(c.credentials, known) {
		return
	}
	source := v.source
	if !strings.HasPrefix(source, detail) {
		source += " (" + detail + ")"
	}
	c.credentials = append(c.credentials, Credential{Username: c.username, Password: password, Source: source})
	if c.user != "" && c.user != defaultUser {
		c.credentials = append(c.credentials, Credential{Username: c.user, Password: password, Source: source, fallback: true})
	}
}

// user is the ACL user that the pod is configured for, "" if there is none.
func (e *environment) user(ctx context.Context) string {
	for _, name := range []string{"REDIS_USERNAME", "VALKEY_USERNAME", "REDIS_USER"} {
		if v, err := e.variable(ctx, name); err == nil && v != nil && v.text != "" {
			return trimNewline(v.text)
		}
	}
	return ""
}

// trimNewline takes one line end off: Secrets made with echo have one that is no
// part of the password.
func trimNewline(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}
