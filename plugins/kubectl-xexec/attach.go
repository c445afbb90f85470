package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/terminal"
)

// input is the local stdin and terminal, as far as the command gets them.
type input struct {
	direct io.Reader    // of a single target; nil: none
	copied *spool.Spool // of several, each of which reads it from its beginning
	tty    bool
	sizes  <-chan podexec.Size
	// replayable says that a command may be started again: its input can be read
	// again, or there is none.
	replayable bool

	undo []func()
}

// release gives stdin and terminal back. It may be called more than once.
func (in *input) release() {
	for i := len(in.undo) - 1; i >= 0; i-- {
		in.undo[i]()
	}
	in.undo = nil
}

// reader is the input for one attempt.
func (in *input) reader(ctx context.Context) io.Reader {
	if in.copied != nil {
		return in.copied.Follow(ctx)
	}
	return in.direct
}

// attach prepares stdin and the terminal as far as the user asked for them.
func (o *options) attach(targets int, store *spool.Store) (*input, error) {
	in := &input{replayable: true}
	if !o.flags.command.stdin {
		return in, nil // -t without -i asks for nothing, as with kubectl exec
	}
	in.direct, in.replayable = o.io.In, false
	file, isFile := o.io.In.(*os.File)
	if isFile {
		lent, err := terminal.Stdin(file)
		if err != nil {
			return in, fmt.Errorf("preparing stdin: %w", err)
		}
		in.direct = lent
		in.undo = append(in.undo, func() { _ = lent.Close() })
	}
	if targets > 1 {
		in.broadcast(store)
		return in, nil
	}
	if !o.flags.command.tty {
		return in, nil
	}
	if !o.io.InIsTerminal() {
		if !o.output.quiet {
			fmt.Fprintln(o.io.Err, "Unable to use a TTY - input is not a terminal or the right kind of file")
		}
		return in, nil
	}
	restore, err := terminal.Raw(file)
	if err != nil {
		in.release()
		return in, err
	}
	in.tty = true
	in.undo = append(in.undo, restore)
	if out, ok := o.io.Out.(*os.File); ok {
		sizes, stop := terminal.Sizes(out)
		in.sizes = sizes
		in.undo = append(in.undo, stop)
	}
	return in, nil
}

// broadcast keeps stdin, so that each target gets all of it at its own pace. An
// input that breaks off ends every target's connection instead of looking complete.
func (in *input) broadcast(store *spool.Store) {
	from := in.direct
	in.direct, in.copied, in.replayable = nil, store.Spool(spool.Options{}), true
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := io.Copy(in.copied, from); err == nil || errors.Is(err, os.ErrClosed) {
			in.copied.End()
		} else {
			_ = in.copied.Fail(err)
		}
	}()
	in.undo = append([]func(){func() { <-done }}, in.undo...)
}
