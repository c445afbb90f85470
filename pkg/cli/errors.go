package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// Exit codes shared by all plugins. A plugin that runs one remote command passes
// that command's own code through instead.
const (
	ExitOK          = 0   // everything asked for was done
	ExitFailed      = 1   // it was tried and failed
	ExitUsage       = 2   // the command line was wrong, or the user declined
	ExitNothing     = 3   // nothing matched what was asked for
	ExitPartial     = 4   // some results were lost, timed out or were denied
	ExitTimeout     = 124 // a time limit ended it, as timeout(1) says
	ExitInterrupted = 130 // Ctrl-C or a signal ended it (128 + SIGINT)
)

type exitError struct {
	err  error // nil: say nothing
	code int
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// WithCode makes err end the process with code; nil stays nil.
func WithCode(err error, code int) error {
	if err == nil {
		return nil
	}
	return &exitError{err, code}
}

// Exit ends the process with code and prints nothing, for a command that has
// already said all there is to say.
func Exit(code int) error {
	if code == ExitOK {
		return nil
	}
	return &exitError{code: code}
}

// Usagef is an error in the command line: it ends the process with [ExitUsage]
// and, unless it has a hint of its own, points to --help.
func Usagef(format string, args ...any) error {
	return &exitError{fmt.Errorf(format, args...), ExitUsage}
}

// report prints err and returns the exit code that it stands for.
func report(ctx context.Context, s *streams.IO, root *cobra.Command, err error) int {
	if err == nil {
		return ExitOK
	}
	var exit *exitError
	hasCode := errors.As(err, &exit)
	switch {
	case hasCode && exit.err == nil:
		return exit.code
	case interrupted(ctx, err) && (!hasCode || exit.code == ExitFailed):
		printError(s, context.Cause(ctx), "")
		return ExitInterrupted
	case hasCode:
		printError(s, err, hintFor(err, exit.code, root))
		return exit.code
	case isCobraUsage(err):
		printError(s, err, hintFor(err, ExitUsage, root))
		return ExitUsage
	}
	printError(s, err, hint.Of(err))
	return ExitFailed
}

func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Canceled)
}

func hintFor(err error, code int, root *cobra.Command) string {
	if text := hint.Of(err); text != "" || code != ExitUsage {
		return text
	}
	return fmt.Sprintf("see '%s --help'", displayName(root))
}

func displayName(root *cobra.Command) string {
	if name := root.Annotations[cobra.CommandDisplayNameAnnotation]; name != "" {
		return name
	}
	return root.Name()
}

// isCobraUsage recognises the errors that cobra makes itself before a command
// runs; they have no type.
func isCobraUsage(err error) bool {
	for _, start := range []string{"unknown command ", "required flag(s) ", "if any flags in the group ", "accepts ", "requires at least "} {
		if strings.HasPrefix(err.Error(), start) {
			return true
		}
	}
	return false
}

func printError(s *streams.IO, err error, hintText string) {
	message := strings.TrimRight(streams.Sanitize(err.Error()), "\n")
	fmt.Fprintf(s.Err, "error: %s\n", strings.ReplaceAll(message, "\n", "\n  "))
	if hintText != "" {
		fmt.Fprintf(s.Err, "hint: %s\n", streams.SanitizeLine(hintText))
	}
}
