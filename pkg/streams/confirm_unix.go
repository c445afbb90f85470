//go:build unix

package streams

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

func openTTY() (in, out *os.File, err error) {
	if in, err = os.OpenFile("/dev/tty", os.O_RDONLY, 0); err != nil {
		return nil, nil, err
	}
	if out, err = os.OpenFile("/dev/tty", os.O_WRONLY, 0); err != nil {
		_ = in.Close()
		return nil, nil, err
	}
	return in, out, nil
}

// readWhile reads from f unless ctx ends before there is anything to read. It
// waits with select, which knows /dev/tty on every system; poll does not on macOS.
func readWhile(ctx context.Context, f *os.File, p []byte) (int, error) {
	wake, ended, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer wake.Close()
	stop := context.AfterFunc(ctx, func() { _ = ended.Close() })
	defer func() {
		if stop() {
			_ = ended.Close()
		}
	}()
	fd, wakeFd := int(f.Fd()), int(wake.Fd())
	for {
		var set unix.FdSet
		set.Set(fd)
		set.Set(wakeFd)
		_, err := unix.Select(max(fd, wakeFd)+1, &set, nil, nil, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, os.NewSyscallError("select", err)
		case set.IsSet(wakeFd):
			return 0, context.Cause(ctx)
		}
		n, err := f.Read(p)
		if errors.Is(err, unix.EIO) { // the terminal is gone
			err = io.EOF
		}
		return n, err
	}
}
