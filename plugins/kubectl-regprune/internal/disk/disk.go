// Package disk reads what a registry keeps in its container: the tree of the
// filesystem driver, and the configuration that the server runs with. It tells what
// the registry's API does not: manifests without tags, the times of pushes, the sizes
// of files, uploads in progress, and files that a garbage collection would fail on.
//
// It only reads. A listing is complete or an error: output that ends early, a folder
// that cannot be entered, and a container without the programs for it are never a
// short list. It does not read object stores, and it passes no secret on: of the
// server's settings, the container prints the names, and the values of those that
// say where and how content is stored.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// Runner runs a command in the registry's container. Output that arrived does not
// count if Run returns an error. A program that is not there is an ErrNoTools, one
// that fails an *ExitError.
type Runner interface {
	Run(ctx context.Context, argv []string, stdin io.Reader, stdout io.Writer) error
}

// Errors that say what a container cannot tell. None of them means "empty".
var (
	// ErrNoTools: the container lacks a shell, or one of find, stat and grep.
	ErrNoTools = errors.New("the container has no tools for it")
	// ErrNotFilesystem: there is no tree of the filesystem driver.
	ErrNotFilesystem = errors.New("the registry's files are not in the container")
	// ErrIncomplete: the output ended early, or parts could not be read.
	ErrIncomplete = errors.New("the listing is incomplete")
)

// ExitError is a command that ran and failed.
type ExitError struct {
	Code   int
	Stderr string // its end, at most 4 KiB; not sanitized
}

func (e *ExitError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return fmt.Sprintf("exit code %d: %s", e.Code, e.Stderr)
}

func noTools(program string) error {
	return hint.With(fmt.Errorf("reading the registry's files: %w: %q is missing", ErrNoTools, program),
		"what needs these files does not work with this image; an image with busybox has all programs")
}

func notFilesystem(root, what string) error {
	return hint.With(fmt.Errorf("reading the registry's files below %q: %w: %s", root, ErrNotFilesystem, what),
		"an object store, or a registry that nothing was ever pushed to, has none")
}
