//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"
)

// onResize calls changed after each change of the window's size until stop, which
// waits for the last call.
func onResize(changed func()) (stop func()) {
	winch := make(chan os.Signal, 1)
	signal.Notify(winch, syscall.SIGWINCH)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range winch {
			changed()
		}
	}()
	return func() {
		signal.Stop(winch)
		close(winch)
		<-done
	}
}

// enableSequences is for consoles that do not understand escape sequences by
// themselves.
func enableSequences() (restore func()) { return func() {} }
