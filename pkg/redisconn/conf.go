package redisconn

import (
	"strconv"
	"strings"
)

// directive returns the value of the last line "name value" of a redis.conf.
func directive(conf, name string) string {
	found := ""
	for line := range strings.Lines(conf) {
		args, ok := splitArgs(line)
		if ok && len(args) > 1 && strings.EqualFold(args[0], name) {
			found = args[1]
		}
	}
	return found
}

const blanks = " \t\n\v\f\r"

// splitArgs splits a line as Redis does: double quotes know the escapes of C and
// \xNN, single quotes only \', and a backslash outside of quotes is itself. It
// reports false if a quote stays open or is followed by text.
func splitArgs(line string) (args []string, ok bool) {
	for {
		line = strings.TrimLeft(line, blanks)
		if line == "" {
			return args, true
		}
		var w strings.Builder
		for line != "" && strings.IndexByte(blanks, line[0]) < 0 {
			quote := line[0]
			if quote != '"' && quote != '\'' {
				w.WriteByte(quote)
				line = line[1:]
				continue
			}
			if line, ok = unquote(&w, line[1:], quote); !ok {
				return nil, false
			}
			if line != "" && strings.IndexByte(blanks, line[0]) < 0 {
				return nil, false
			}
		}
		args = append(args, w.String())
	}
}

// unquote writes the text up to the closing quote and returns what follows it.
func unquote(w *strings.Builder, s string, quote byte) (rest string, ok bool) {
	for s != "" {
		switch {
		case s[0] == quote:
			return s[1:], true
		case s[0] == '\\' && quote == '\'' && len(s) > 1 && s[1] == '\'':
			w.WriteByte('\'')
			s = s[2:]
		case s[0] == '\\' && quote == '"' && len(s) > 1:
			b, n := unescape(s)
			w.WriteByte(b)
			s = s[n:]
		default:
			w.WriteByte(s[0])
			s = s[1:]
		}
	}
	return "", false
}

// unescape returns the byte that the escape at the start of s means, and the
// escape's length.
func unescape(s string) (b byte, length int) {
	const hexLength = len(`\xNN`)
	if s[1] == 'x' && len(s) >= hexLength {
		if n, err := strconv.ParseUint(s[2:hexLength], 16, 8); err == nil {
			return byte(n), hexLength
		}
	}
	if i := strings.IndexByte("nrtba", s[1]); i >= 0 {
		return "\n\r\t\b\a"[i], 2
	}
	return s[1], 2
}
