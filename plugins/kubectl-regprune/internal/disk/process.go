package disk

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed" // for the script
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

//go:embed config.sh
var configScript string

// process is what the script says of the server's process.
type process struct {
	pid         int
	argv        []string
	exe, folder string
	env         map[string]string // settings by name; of secrets without a value
	same        string
	path        string // of the configuration
	config      []byte
}

// readProcess finds the server and its configuration. The file can hold secrets: what
// is returned must not be shown.
func readProcess(ctx context.Context, run Runner, path string) (*process, error) {
	word := rand.Text()
	var out bytes.Buffer
	if err := run.Run(ctx, []string{"sh", "-c", configScript, "sh", word, path}, nil, &out); err != nil {
		return nil, fmt.Errorf("reading the registry's configuration: %w", err)
	}
	text := out.String()
	switch tool, missing := strings.CutPrefix(strings.TrimSpace(text), "tools "); {
	case missing:
		return nil, noTools(tool)
	case strings.TrimSpace(text) == "process":
		return nil, hint.With(errors.New("reading the registry's configuration: no process of the container is a registry's server"),
			"name the container that runs \"registry serve\"")
	}
	p := &process{env: map[string]string{}}
	parts := strings.Split(text, "\n"+word+" ")
	for _, part := range parts[1:] {
		head, body, _ := strings.Cut(part, "\n")
		p.part(head, body)
	}
	if last := parts[len(parts)-1]; last != "end\n" {
		return nil, fmt.Errorf("reading the registry's configuration: %w: the output ends early", ErrIncomplete)
	}
	return p, nil
}

func (p *process) part(head, body string) {
	kind, operand, _ := strings.Cut(head, " ")
	switch kind {
	case "argv":
		p.pid, _ = strconv.Atoi(operand)
		p.argv = strings.Split(strings.TrimSuffix(body, "\x00"), "\x00")
	case "exe":
		p.exe = body
	case "cwd":
		p.folder = body
	case "same":
		p.same = body
	case "config":
		p.path, p.config = operand, []byte(body)
	case "env":
		for line := range strings.Lines(body) {
			if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
				p.env[name] = strings.ReplaceAll(value, "\x01", "\n")
			}
		}
	}
}

// program is the file that the server runs, or else what it was started as.
func (p *process) program() string {
	if p.exe != "" {
		return strings.TrimSuffix(p.exe, " (deleted)")
	}
	if len(p.argv) > 0 {
		return p.argv[0]
	}
	return "registry"
}
