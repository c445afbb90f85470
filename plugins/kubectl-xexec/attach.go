package main

import (
	"fmt"
	"os"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/terminal"
)

// attach gives the request the local stdin and terminal as far as the user asked for
// them. Release gives them back and may be called more than once.
func (o *options) attach(req *podexec.Request) (release func(), err error) {
	var undo []func()
	release = sync.OnceFunc(func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	})
	if !o.stdin {
		return release, nil // -t without -i asks for nothing, as with kubectl exec
	}
	req.Stdin = o.io.In
	in, ok := o.io.In.(*os.File)
	if ok {
		lent, err := terminal.Stdin(in)
		if err != nil {
			return release, fmt.Errorf("preparing stdin: %w", err)
		}
		req.Stdin = lent
		undo = append(undo, func() { _ = lent.Close() })
	}
	if !o.tty {
		return release, nil
	}
	if !o.io.InIsTerminal() {
		if !o.quiet {
			fmt.Fprintln(o.io.Err, "Unable to use a TTY - input is not a terminal or the right kind of file")
		}
		return release, nil
	}
	restore, err := terminal.Raw(in)
	if err != nil {
		release()
		return release, err
	}
	req.TTY = true
	undo = append(undo, restore)
	if out, ok := o.io.Out.(*os.File); ok {
		sizes, stop := terminal.Sizes(out)
		req.Resize = sizes
		undo = append(undo, stop)
	}
	return release, nil
}
