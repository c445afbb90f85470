package redisconn

import (
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// word is one word of a container's command line. In a shell's script more
// things expand than in a plain argument.
type word struct {
	text  string
	shell bool
}

// words is the command line of c. A shell's script is split, because that is how
// many of them hide a redis-server.
func words(c *corev1.Container) []word {
	var out []word
	shell, script := false, false
	for _, arg := range append(append([]string(nil), c.Command...), c.Args...) {
		switch {
		case script:
			for _, w := range splitShell(escapes(arg)) {
				out = append(out, word{text: w, shell: true})
			}
			shell, script = false, false
			continue
		case slices.Contains(shells, path.Base(arg)):
			shell = true
		case shell && len(arg) > 1 && arg[0] == '-' && arg[1] != '-' && strings.HasSuffix(arg, "c"): // -c, -ec
			script = true
		case strings.HasPrefix(arg, "--") && strings.ContainsAny(arg, blanks): // redis-server takes "--name value" in one
			if parts, ok := splitArgs(arg); ok {
				for _, w := range parts {
					out = append(out, word{text: w})
				}
				continue
			}
		}
		out = append(out, word{text: arg})
	}
	return out
}

var shells = []string{"sh", "bash", "ash", "dash", "ksh", "zsh"}

// literalDollar stands for a $ that nothing expands. No argument can hold a NUL.
const literalDollar = "\x00"

// escapes does to a script what the kubelet does before the shell: $$ is $, and
// $$(NAME) is not a reference.
func escapes(script string) string {
	script = escaped.ReplaceAllString(script, literalDollar+"$1")
	return strings.ReplaceAll(script, "$$", "$")
}

var (
	escaped = regexp.MustCompile(`\$\$(\([A-Za-z_][A-Za-z0-9_.-]*\))`)
	// kubeReference is replaced by the kubelet, which knows no quotes.
	kubeReference = regexp.MustCompile(`^\$\([A-Za-z_][A-Za-z0-9_.-]*\)`)
)

// splitShell splits a script at blanks and semicolons that are neither quoted nor
// inside $( ), and takes the quotes off. It is enough to read options of a
// command, no shell.
func splitShell(script string) []string {
	var out []string
	var w strings.Builder
	inWord, depth, quote := false, 0, byte(0)
	flush := func() {
		if inWord {
			out = append(out, w.String())
		}
		w.Reset()
		inWord = false
	}
	for i := 0; i < len(script); i++ {
		b := script[i]
		switch {
		case b == '\\' && quote != '\'' && i+1 < len(script):
			i++
			if quote == '"' && strings.IndexByte("$`\"\\\n", script[i]) < 0 {
				w.WriteByte(b) // it escapes nothing there
			}
			switch script[i] {
			case '\n':
			case '$':
				w.WriteString(literalDollar)
				inWord = true
			default:
				w.WriteByte(script[i])
				inWord = true
			}
		case b == '$' && quote == '\'':
			if whole := kubeReference.FindString(script[i:]); whole != "" {
				w.WriteString(whole)
				i += len(whole) - 1
			} else {
				w.WriteString(literalDollar)
			}
		case quote != 0 && b == quote && depth == 0:
			quote = 0
		case quote == 0 && depth == 0 && (b == '"' || b == '\''):
			quote, inWord = b, true
		case b == '$' && i+1 < len(script) && script[i+1] == '(':
			depth++
			w.WriteString("$(")
			inWord = true
			i++
		case b == ')' && depth > 0:
			depth--
			w.WriteByte(b)
		case quote == 0 && depth == 0 && strings.IndexByte(" \t\n;", b) >= 0:
			flush()
		default:
			w.WriteByte(b)
			inWord = true
		}
	}
	flush()
	return out
}

// option returns the value of the last --name VALUE or --name=VALUE, which is
// the one that redis-server obeys.
func option(all []word, name string) (word, bool) {
	var value word
	found := false
	for i, w := range all {
		if rest, ok := strings.CutPrefix(w.text, "--"+name+"="); ok {
			value, found = word{rest, w.shell}, true
		}
		if w.text == "--"+name && i+1 < len(all) {
			value, found = all[i+1], true
		}
	}
	return value, found
}

// configFile is the path that follows the server's name, if any.
func configFile(all []word) string {
	for i, w := range all {
		if isServerProgram(w.text) && i+1 < len(all) && strings.HasPrefix(all[i+1].text, "/") {
			return all[i+1].text
		}
	}
	for _, w := range all { // an image's entry point may come before it
		if strings.HasPrefix(w.text, "/") && strings.HasSuffix(w.text, ".conf") {
			return w.text
		}
	}
	return ""
}

var serverPrograms = []string{"redis-server", "valkey-server", "keydb-server", "dragonfly", "redis-stack-server", "redis-sentinel"}

func isServerProgram(w string) bool {
	base := w[strings.LastIndexByte(w, '/')+1:]
	for _, p := range serverPrograms {
		if base == p {
			return true
		}
	}
	return false
}

// reference matches what expands in a word: $(cat FILE) and $(<FILE), $(VAR),
// ${VAR}, $VAR. Plain arguments know only the third.
var reference = regexp.MustCompile(`\$\((?:cat |<)\s*"?([^)"]+?)"?\s*\)|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)|\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)`)
