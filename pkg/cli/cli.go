// Package cli is the shell of every plugin's process: it turns signals into a
// context, errors into one clear line and an exit code, and keeps the noise of
// the libraries below off the terminal.
//
// Only main packages import it. A whole plugin's main is:
//
//	func main() { os.Exit(cli.Main(newCommand)) }
//
// Main returns the exit code instead of exiting, so that everything but that
// one line can be tested through [Run].
package cli

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// Main runs the command that newRoot builds over this process's arguments,
// streams and signals, and returns the exit code. The first SIGINT, SIGTERM or
// SIGHUP cancels the context; after it the signals act as usual, so that a
// second Ctrl-C leaves at once.
func Main(newRoot func(*streams.IO) *cobra.Command) int {
	if os.Getenv("GOTRACEBACK") == "" {
		debug.SetTraceback("all") // a crash report without the other goroutines is no report
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	stop := cancelOnSignal(cancel)
	defer stop()

	s := streams.System()
	return Run(ctx, newRoot(s), s, completionArgs(os.Args))
}

// Run executes root with args and returns the exit code. Whatever goes wrong is
// printed to s.Err, once.
func Run(ctx context.Context, root *cobra.Command, s *streams.IO, args []string) int {
	prepare(root, s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return report(ctx, s, root, err)
}

// errInterrupted is the cause of a context that a signal cancelled.
type errInterrupted struct{ os.Signal }

func (e errInterrupted) Error() string { return "interrupted (" + e.Signal.String() + ")" }

// Is makes an interruption count as a cancellation.
func (e errInterrupted) Is(target error) bool { return target == context.Canceled }

func cancelOnSignal(cancel context.CancelCauseFunc) (stop func()) {
	signals := make(chan os.Signal, 1)
	done := make(chan struct{})
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) { // nohup and background jobs ignore signals on purpose
			signal.Notify(signals, sig)
		}
	}
	go func() {
		select {
		case sig := <-signals:
			signal.Stop(signals)
			cancel(errInterrupted{sig})
		case <-done:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

func prepare(root *cobra.Command, s *streams.IO) {
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	own := root.FlagErrorFunc() // of the plugin, or one that does nothing
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return Usagef("%w", own(cmd, err)) })
	quietLibraries(root, s)
}

// completionPrefix begins the name under which kubectl looks for a plugin's
// completion: kubectl_complete-xexec for kubectl xexec.
const completionPrefix = "kubectl_complete-"

// completionArgs lets a link to the binary serve as its completion program: under
// a kubectl_complete- name the arguments go to cobra's hidden completion command.
func completionArgs(argv []string) []string {
	if len(argv) == 0 {
		return nil
	}
	if strings.HasPrefix(filepath.Base(argv[0]), completionPrefix) {
		return append([]string{cobra.ShellCompRequestCmd}, argv[1:]...)
	}
	return argv[1:]
}
