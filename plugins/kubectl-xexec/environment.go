package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/supervise"
)

// environment is what --env-file and --env ask for, in this order: a later
// setting of a name wins.
func (c *commandFlags) environment() ([]supervise.Var, error) {
	vars, err := readEnvFile(c.envFile)
	if err != nil {
		return nil, err
	}
	for _, setting := range c.env {
		name, value, given := strings.Cut(setting, "=")
		if !given {
			if value, given = os.LookupEnv(name); !given {
				return nil, cli.Usagef("--env %q: no value given, and no variable of that name is set here", name)
			}
		}
		vars = append(vars, supervise.Var{Name: name, Value: value})
	}
	return vars, nil
}

// readEnvFile reads the format of docker's --env-file: NAME=VALUE lines taken
// literally, NAME alone for a value from here, blank lines and # comments. Errors
// name the line, never what is on it.
func readEnvFile(path string) ([]supervise.Var, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, cli.Usagef("reading --env-file: %w", err)
	}
	var vars []supervise.Var
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		name, value, given := strings.Cut(line, "=")
		if !given {
			value, given = os.LookupEnv(name)
		}
		if !given || !supervise.ValidName(name) {
			return nil, cli.Usagef("reading --env-file %q: line %d is not NAME=VALUE", path, n)
		}
		vars = append(vars, supervise.Var{Name: name, Value: value})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading --env-file %q: %w", path, err)
	}
	return vars, nil
}
