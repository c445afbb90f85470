// Package terminal puts the local terminal at a remote command's disposal: raw
// mode, the window's size, and a stdin that can be given back.
package terminal

import (
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// Raw hands every key, Ctrl-C among them, to whoever reads tty, and returns the
// function that restores the terminal. Defer it: it must run on a panic, too.
func Raw(tty *os.File) (restore func(), err error) {
	state, err := term.MakeRaw(int(tty.Fd()))
	if err != nil {
		return nil, fmt.Errorf("switching the terminal to raw mode: %w", err)
	}
	output := enableSequences()
	return func() {
		output()
		_ = term.Restore(int(tty.Fd()), state) // nothing is left to tell the user with
	}, nil
}

// Sizes delivers the size of the window behind tty: at once, and after each
// change until stop is called. Only the newest size waits for the reader. A tty
// that is not a terminal has no size.
func Sizes(tty *os.File) (sizes <-chan podexec.Size, stop func()) {
	newest := make(chan podexec.Size, 1)
	send := func() {
		width, height, err := term.GetSize(int(tty.Fd()))
		if err != nil {
			return
		}
		select { // make room: an older size is of no use
		case <-newest:
		default:
		}
		newest <- podexec.Size{Width: uint16(width), Height: uint16(height)}
	}
	send()
	return newest, onResize(send)
}
