package streams

import (
	"context"
	"os"
)

func openTTY() (in, out *os.File, err error) {
	if in, err = os.OpenFile("CONIN$", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	if out, err = os.OpenFile("CONOUT$", os.O_RDWR, 0); err != nil {
		_ = in.Close()
		return nil, nil, err
	}
	return in, out, nil
}

// readWhile reads from f. If ctx ends first the read goes on in the background,
// until the next line: Windows offers no way to wait for one without taking it.
func readWhile(ctx context.Context, f *os.File, p []byte) (int, error) {
	type read struct {
		data []byte
		err  error
	}
	done := make(chan read, 1)
	size := len(p)
	go func() {
		own := make([]byte, size)
		n, err := f.Read(own)
		done <- read{own[:n], err}
	}()
	select {
	case r := <-done:
		return copy(p, r.data), r.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}
