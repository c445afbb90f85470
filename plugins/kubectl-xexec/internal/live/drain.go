package live

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/spool"
)

// batch is how much is written out at once when there is plenty, 32 KiB.
const batch = 32 << 10

// drainer writes the log out.
type drainer struct {
	*Sink
	follow *spool.Follower
	from   *bufio.Reader
	text   bytes.Buffer // what is to be written next,
	stream int          // to this stream
}

// drain runs until the log ends, or until nobody takes what it holds.
func (s *Sink) drain() {
	defer close(s.done)
	d := &drainer{Sink: s, follow: s.log.Follow(context.Background())}
	d.from = bufio.NewReaderSize(d.follow, batch)
	var r record
	for {
		err := r.read(d.from)
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
			return // complete, or given up
		}
		if err == nil {
			err = d.show(&r)
		}
		if err != nil {
			s.fail(err)
			return
		}
	}
}

// show writes a record out, together with those that follow it at once and go to
// the same stream.
func (d *drainer) show(r *record) error {
	if r.stream != d.stream {
		if err := d.flush(); err != nil {
			return err
		}
		d.stream = r.stream
	}
	d.render(r)
	idle := d.from.Buffered() == 0 && d.follow.Offset() == d.log.Len()
	if idle || d.text.Len() >= batch {
		return d.flush()
	}
	return nil
}

func (d *drainer) flush() error {
	d.log.Discard(d.follow.Offset())
	if d.text.Len() == 0 {
		return nil
	}
	_, err := d.streams[d.stream].W.Write(d.text.Bytes())
	d.text.Reset()
	return err
}

// render puts each line of a record after its prefix.
func (d *drainer) render(r *record) {
	prefix := d.prefix(r.index, r.stream, r.continued)
	for line := range bytes.Lines(r.lines) {
		d.text.WriteString(prefix)
		if d.streams[r.stream].Terminal {
			text := strings.TrimSuffix(string(line[:len(line)-1]), "\r")
			d.text.WriteString(streams.Sanitize(text))
			d.text.WriteByte('\n')
		} else {
			d.text.Write(line)
		}
		if r.continued { // only the first line goes on with another
			prefix, r.continued = d.prefix(r.index, r.stream, false), false
		}
	}
}
