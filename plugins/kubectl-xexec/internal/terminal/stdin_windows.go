package terminal

import (
	"io"
	"os"
	"sync/atomic"
)

type lent struct {
	f      *os.File
	closed atomic.Bool
}

func lend(f *os.File) (io.ReadCloser, error) { return &lent{f: f}, nil }

func (l *lent) Read(p []byte) (int, error) {
	if l.closed.Load() {
		return 0, io.EOF
	}
	return l.f.Read(p)
}

func (l *lent) Close() error {
	l.closed.Store(true)
	return nil
}
