package keys

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// quiet is how long a server may say nothing.
const quiet = time.Minute

// link is a connection and the page that it brought last.
type link struct {
	ctx  context.Context
	conn net.Conn
	r    *resp.Reader
	stop func() bool

	names []byte // end to end
	ends  []int
	sizes []int64 // -1: the key is gone
	codes []string
}

// dial connects, selects the database, and makes sure that it is still the same
// process that answers, if it told who it is.
func dial(ctx context.Context, e *redisconn.Endpoint, db int, runID string) (*link, error) {
	conn, err := e.Open(ctx)
	if err != nil {
		return nil, err
	}
	l := &link{ctx: ctx, conn: conn}
	l.r = resp.NewReader(l)
	l.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if err := l.prepare(db, runID); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *link) prepare(db int, runID string) error {
	if err := l.send(resp.AppendCommand(nil, "INFO", "server")); err != nil {
		return err
	}
	info, err := l.r.AppendBulk(nil)
	if err != nil {
		return fmt.Errorf("asking the server for INFO: %w", err)
	}
	if runID != "" && !strings.Contains(string(info), "run_id:"+runID) {
		return ErrOtherServer
	}
	if db == 0 {
		return nil
	}
	if err := l.send(resp.AppendCommand(nil, "SELECT", strconv.Itoa(db))); err != nil {
		return err
	}
	if _, err := l.r.Status(); err != nil {
		return fmt.Errorf("selecting database %d: %w", db, err)
	}
	return nil
}

func (l *link) close() {
	l.stop()
	_ = l.conn.Close()
}

// Read gives every read the whole time limit: it is for the server's silence.
func (l *link) Read(p []byte) (int, error) {
	if err := l.extend(); err != nil {
		return 0, err
	}
	return l.conn.Read(p)
}

func (l *link) send(b []byte) error {
	if err := l.extend(); err != nil {
		return err
	}
	_, err := l.conn.Write(b)
	return err
}

func (l *link) extend() error {
	if err := l.conn.SetDeadline(time.Now().Add(quiet)); err != nil {
		return err
	}
	return context.Cause(l.ctx) // last: cancelling sets a deadline too
}

func (l *link) name(i int) []byte {
	start := 0
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.names[start:l.ends[i]]
}

// maxPage bounds a page against a peer that invents names.
const maxPage = 1 << 20

// readPage reads what SCAN answers.
func (l *link) readPage() (next string, err error) {
	n, err := l.r.ArrayLen()
	if err != nil {
		return "", fmt.Errorf("scanning: %w", err)
	}
	if n != 2 {
		return "", fmt.Errorf("%w: SCAN answered with %d elements", resp.ErrProtocol, n)
	}
	cursor, err := l.r.AppendBulk(nil)
	if err != nil {
		return "", err
	}
	if n, err = l.r.ArrayLen(); err != nil {
		return "", err
	}
	if n > maxPage {
		return "", fmt.Errorf("%w: SCAN answered with %d keys", resp.ErrProtocol, n)
	}
	l.names, l.ends = l.names[:0], l.ends[:0]
	for range n {
		if l.names, err = l.r.AppendBulk(l.names); err != nil {
			return "", err
		}
		l.ends = append(l.ends, len(l.names))
	}
	return string(cursor), nil
}

// batch bounds the bytes of questions that are under way: more could fill the
// buffers of both sides while each waits for the other to read.
const batch = 32 << 10

// readSizes asks for the sizes of the page's keys, some in each write.
func (l *link) readSizes() error {
	l.sizes, l.codes = l.sizes[:0], l.codes[:0]
	var out []byte
	for i := range l.ends {
		out = append(resp.AppendHeader(out, 3), "$6\r\nMEMORY\r\n$5\r\nUSAGE\r\n"...)
		out = resp.AppendArg(out, l.name(i))
		if len(out) < batch && i < len(l.ends)-1 {
			continue
		}
		if err := l.send(out); err != nil {
			return err
		}
		out = out[:0]
		for len(l.sizes) <= i {
			if err := l.readSize(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *link) readSize() error {
	size, null, err := l.r.Int()
	code := ""
	var reply resp.Error
	switch {
	case errors.As(err, &reply):
		code = reply.Code()
	case err != nil:
		return err
	case null:
		size = -1
	}
	l.sizes, l.codes = append(l.sizes, size), append(l.codes, code)
	return nil
}
