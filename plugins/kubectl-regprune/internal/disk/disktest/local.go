// Package disktest runs on this machine what tests would run in a container.
package disktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// Local is a disk.Runner without a container.
type Local struct {
	Env []string // instead of the test's own, if not nil
}

// Run runs argv, and kills it when ctx ends.
func (l Local) Run(ctx context.Context, argv []string, stdin io.Reader, stdout io.Writer) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = l.Env, stdin, stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		text := strings.TrimSpace(stderr.String())
		return &disk.ExitError{Code: exit.ExitCode(), Stderr: text[max(0, len(text)-4096):]}
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("running %q: %w", argv[0], disk.ErrNoTools)
	}
	return err
}
