package journal

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Bounds of the output that is kept.
const (
	// MaxOutput is how much of one target's output is kept, in bytes before
	// compression, stdout and stderr together.
	MaxOutput = 64 << 10
	// maxOutputs is how much of the output of a whole run is kept, in bytes of its
	// file.
	maxOutputs = 16 << 20
)

// Output is the beginning of what a target wrote, compressed.
type Output struct {
	Stdout []byte `json:"stdout,omitempty"`
	Stderr []byte `json:"stderr,omitempty"`
	// Cut says that there was more than was kept.
	Cut bool `json:"cut,omitempty"`
	// Dropped says that nothing was kept, as the run had written too much already.
	Dropped bool `json:"dropped,omitempty"`
}

// Keep reads as much of both streams as is kept of them; nil is an empty stream.
// Long output on one stream leaves a quarter of the room to the other.
func Keep(stdout, stderr io.Reader) (*Output, error) {
	out, err := head(stdout)
	if err != nil {
		return nil, err
	}
	errOut, err := head(stderr)
	if err != nil {
		return nil, err
	}
	forErr := min(len(errOut), max(MaxOutput-len(out), MaxOutput/4))
	forOut := min(len(out), MaxOutput-forErr)
	return &Output{
		Stdout: pack(out[:forOut]), Stderr: pack(errOut[:forErr]),
		Cut: forOut < len(out) || forErr < len(errOut),
	}, nil
}

// head reads one byte more than is kept, which shows that there is more.
func head(r io.Reader) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(r, MaxOutput+1))
	if err != nil {
		return nil, fmt.Errorf("reading output for the journal: %w", err)
	}
	return b, nil
}

// packers are kept: one costs most of a megabyte.
var packers = sync.Pool{New: func() any {
	//nolint:errcheck // the level is a valid one
	w, _ := flate.NewWriter(nil, flate.BestSpeed)
	return w
}}

func pack(p []byte) []byte {
	if len(p) == 0 {
		return nil
	}
	var b bytes.Buffer
	w := packers.Get().(*flate.Writer) //nolint:forcetypeassert // the pool holds nothing else
	defer packers.Put(w)
	w.Reset(&b)
	//nolint:errcheck // a buffer takes all
	w.Write(p)
	//nolint:errcheck // as above
	w.Close()
	return b.Bytes()
}

// Text unpacks the output. What it returns is the beginning of the streams if Cut
// is set, and nothing if Dropped is.
func (o *Output) Text() (stdout, stderr []byte, err error) {
	if stdout, err = unpack(o.Stdout); err != nil {
		return nil, nil, err
	}
	if stderr, err = unpack(o.Stderr); err != nil {
		return nil, nil, err
	}
	return stdout, stderr, nil
}

func unpack(p []byte) ([]byte, error) {
	if len(p) == 0 {
		return nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(p)), MaxOutput+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking output: %w", err)
	}
	if len(b) > MaxOutput {
		return nil, errors.New("unpacking output: there is more of it than is ever kept")
	}
	return b, nil
}
