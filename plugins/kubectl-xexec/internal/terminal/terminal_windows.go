package terminal

import (
	"os"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

// poll is how often the window's size is looked at: a Windows console announces
// no change to a program that reads keys as bytes.
const poll = 250 * time.Millisecond

func onResize(changed func()) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(poll)
		defer tick.Stop()
		width, height, _ := term.GetSize(int(os.Stdout.Fd()))
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			w, h, err := term.GetSize(int(os.Stdout.Fd()))
			if err == nil && (w != width || h != height) {
				width, height = w, h
				changed()
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// enableSequences makes the console interpret the escape sequences that a remote
// terminal program writes.
func enableSequences() (restore func()) {
	out := windows.Handle(os.Stdout.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(out, &mode); err != nil {
		return func() {}
	}
	_ = windows.SetConsoleMode(out, mode|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	return func() { _ = windows.SetConsoleMode(out, mode) }
}
