package terminal

import (
	"io"
	"os"
)

// Stdin lends f, usually os.Stdin, to a remote command. Close takes it back: a
// read that waits for input returns io.EOF and consumes nothing, so that what the
// user types next reaches the shell. Close does not close f.
//
// Where the system cannot wait for input without taking it (Windows), a read that
// is under way keeps waiting and takes the next line with it.
func Stdin(f *os.File) (io.ReadCloser, error) { return lend(f) }
