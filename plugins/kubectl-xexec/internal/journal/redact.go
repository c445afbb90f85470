package journal

import "strings"

// hidden are the flags whose values are secrets or may hold some. Of an env
// variable the name is kept.
var hidden = map[string]bool{"--env": true, "--token": false, "--password": false, "--proxy-url": false}

// Redact returns a command line without secrets: values of --env, of which the names
// stay, and of kubectl's flags for credentials, which a proxy's URL may hold, too. What comes after "--" is the remote
// command, which every audit log has anyway, and stays as it is.
func Redact(args []string) []string {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		flag, value, inOne := strings.Cut(args[i], "=")
		named, secret := hidden[flag]
		switch {
		case args[i] == "--":
			return append(out, args[i:]...)
		case !secret:
			out = append(out, args[i])
		case inOne:
			out = append(out, flag+"="+redacted(value, named))
		default:
			out = append(out, flag)
			if i++; i < len(args) {
				out = append(out, redacted(args[i], named))
			}
		}
	}
	return out
}

func redacted(value string, named bool) string {
	name, _, ok := strings.Cut(value, "=")
	switch {
	case !named:
		return "…"
	case !ok: // taken from the environment of the caller, by its name
		return value
	}
	return name + "=…"
}
