package supervise

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

//go:embed supervisor.sh
var supervisorSource string

// supervisor is the text that goes out: without comments and indentation.
var supervisor = compact(supervisorSource)

// boot reads the supervisor's text from stdin, up to a line with one dot, and
// becomes it. Every container sees this in its list of processes, every audit log
// in its URLs.
const boot = "kx_s=;while IFS= read -r kx_l||exit;[ \"$kx_l\" != . ];do kx_s=\"$kx_s$kx_l\n\";done;eval \"$kx_s\""

// name0 is what the supervisor calls itself in lists of processes.
const name0 = "kubectl-xexec"

func compact(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		line = strings.TrimLeft(line, "\t")
		if line != "\n" && !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// argv is what the API server gets to see.
func (c Command) argv() []string { return append([]string{"sh", "-c", boot, name0}, c.Argv...) }

// payload is what goes to stdin: the supervisor, then what it needs to know before
// it settles, then the rest.
func (c Command) payload(nonce string, grace time.Duration, input bool) []byte {
	var b strings.Builder
	b.WriteString(supervisor)
	user, group, _ := strings.Cut(c.User, ":")
	fmt.Fprintf(&b, ".\nkx_n=%s kx_u=%s kx_gid=%s\n.\n", nonce, quote(user), group)
	interpreter, argument := c.interpreter()
	flag := ""
	if input {
		flag = "1"
	}
	fmt.Fprintf(&b, "kx_n=%s kx_i=%s kx_grace=%s\n", nonce, flag, ticks(grace))
	fmt.Fprintf(&b, "kx_dir=%s\nkx_interp=%s\nkx_arg=%s\nkx_env() {\n:\n", quote(c.dir()), quote(interpreter), quote(argument))
	for _, v := range c.Env {
		fmt.Fprintf(&b, "export %s=%s\n", v.Name, quote(v.Value))
	}
	b.WriteString("}\n.\n")
	if c.Script != nil {
		b.WriteString(octal(string(c.Script)))
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// quote makes a shell's word of a value, in printable ASCII only: some shells use
// some other bytes for themselves, and lines are the supervisor's own business.
func quote(value string) string {
	text := strings.TrimRight(value, "\n")
	newlines := len(value) - len(text)
	plain := true
	for i := range len(text) {
		plain = plain && text[i] >= ' ' && text[i] <= '~'
	}
	word := "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	if !plain {
		word = `"$(printf %b '` + octal(text) + `')"`
	}
	// A substitution loses them.
	return word + strings.Repeat(`"$kx_nl"`, newlines)
}

// octal writes text for printf's %b.
func octal(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\\':
			b.WriteString(`\\`)
		case c < ' ' || c > '~' || c == '\'':
			fmt.Fprintf(&b, `\0%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
