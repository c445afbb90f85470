package redisconn

import (
	"context"
	"slices"
	"strings"
)

// user is an ACL user whose password is written down.
type user struct{ name, password string }

const defaultUser = "default"

// aclUsers reads what follows the word user in a line of users.acl or redis.conf:
// NAME on >PASSWORD ~* +@all. Hashed passwords are of no use to log in with.
func aclUsers(rules []string) (out []user) {
	if len(rules) < 2 || !slices.Contains(rules, "on") {
		return nil
	}
	for _, rule := range rules[1:] {
		if password, ok := strings.CutPrefix(rule, ">"); ok {
			out = append(out, user{rules[0], password})
		}
	}
	return out
}

// fileUsers reads the lines of a file that begin with user.
func fileUsers(text string) (out []user) {
	for line := range strings.Lines(text) {
		if f, ok := splitArgs(line); ok && len(f) > 1 && strings.EqualFold(f[0], "user") {
			out = append(out, aclUsers(f[1:])...)
		}
	}
	return out
}

// argumentUsers reads each --user NAME RULE... of a command line. References are
// expanded in the rules, as in any argument.
func argumentUsers(ctx context.Context, e *environment, all []word) (out []user, failed error) {
	for i, w := range all {
		if w.text != "--user" {
			continue
		}
		var rules []string
		for _, r := range all[i+1:] {
			if strings.HasPrefix(r.text, "--") {
				break
			}
			v, err := e.expand(ctx, r, "", 0)
			if err != nil {
				failed = err
				break
			}
			if parts, ok := splitArgs(v.text); ok { // all rules may be one argument
				rules = append(rules, parts...)
			}
		}
		out = append(out, aclUsers(rules)...)
	}
	return out, failed
}

// acl adds the users of arguments, configuration and ACL file. They come last:
// the default user, if it is let in, may do more.
func (k *collector) acl(ctx context.Context, e *environment, all []word, conf *value) {
	users, err := argumentUsers(ctx, e, all)
	k.addUsers(users, "argument --user", err)
	var file string
	if conf != nil {
		k.addUsers(fileUsers(conf.text), conf.source, nil)
		file = directive(conf.text, "aclfile")
	}
	if w, ok := option(all, "aclfile"); ok {
		file = w.text
	}
	if file == "" {
		return
	}
	v, err := e.file(ctx, file)
	if v != nil {
		k.addUsers(fileUsers(v.text), v.source, err)
		return
	}
	k.addUsers(nil, file, err)
}

func (k *collector) addUsers(users []user, source string, err error) {
	if err != nil && !slices.Contains(k.errors, err) {
		k.errors = append(k.errors, err)
	}
	for _, u := range users {
		if k.username != "" && u.name != k.username {
			continue
		}
		c := Credential{Username: u.name, Password: u.password, Source: source, fallback: k.username == ""}
		if u.name == defaultUser {
			c.Username = ""
		}
		known := func(o Credential) bool { return o.Username == c.Username && o.Password == c.Password }
		if u.password != "" && !slices.ContainsFunc(k.credentials, known) {
			k.credentials = append(k.credentials, c)
		}
	}
}
