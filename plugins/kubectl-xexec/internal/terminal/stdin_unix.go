//go:build unix

package terminal

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// lent waits for f and for a pipe that Close writes to, and reads f only when it
// has something.
type lent struct {
	f          *os.File
	wake, stop *os.File // the two ends of the pipe
	once       sync.Once
	reading    sync.Mutex // held while f is read: Close waits for it
	closed     bool
}

func lend(f *os.File) (io.ReadCloser, error) {
	wake, stop, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &lent{f: f, wake: wake, stop: stop}, nil
}

func (l *lent) Read(p []byte) (int, error) {
	l.reading.Lock()
	defer l.reading.Unlock()
	if l.closed {
		return 0, io.EOF
	}
	fds := []unix.PollFd{{Fd: int32(l.f.Fd()), Events: unix.POLLIN}, {Fd: int32(l.wake.Fd()), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, os.NewSyscallError("poll", err)
		}
		break
	}
	if fds[1].Revents != 0 {
		return 0, io.EOF
	}
	return l.f.Read(p)
}

func (l *lent) Close() error {
	l.once.Do(func() {
		_ = l.stop.Close() // the other end becomes readable
		l.reading.Lock()
		l.closed = true
		_ = l.wake.Close()
		l.reading.Unlock()
	})
	return nil
}
