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

// argv is what the API server gets to see, audit logs keep, and every container has
// in its list of processes.
func (c Command) argv() []string { return append([]string{"sh", "-s", "--"}, c.Argv...) }

// program is what goes to stdin first: the supervisor, and what it needs to know to
// settle. None of it is secret.
func (c Command) program(nonce string, grace time.Duration, input bool) []byte {
	var b strings.Builder
	user, group, _ := strings.Cut(c.User, ":")
	fmt.Fprintf(&b, "kx_s='%s'\n", strings.ReplaceAll(supervisor, "'", `'\''`))
	fmt.Fprintf(&b, "kx_stage=0 kx_n=%s kx_u=%s kx_gid=%s kx_i=%s kx_grace=%d kx_more=%s\neval \"$kx_s\"\n",
		nonce, quote(user), group, flag(input), grace/tick, flag(c.needs() != ""))
	return []byte(b.String())
}

// flag is what the supervisor's variables have for yes and no.
func flag(on bool) string {
	if on {
		return "1"
	}
	return ""
}

// more is what the supervisor asks for if it was told to.
func (c Command) more() []byte {
	var b strings.Builder
	interpreter, argument := c.interpreter()
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
