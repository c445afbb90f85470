package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// link is one connection, set up for one database. It is replaced when it
// breaks.
type link struct {
	ctx   context.Context // of the scan; a link does not outlive it
	conn  net.Conn
	r     *resp.Reader
	out   []byte
	quiet time.Duration
	stop  func() bool
}

// open dials, selects the database and learns which server answers.
func open(ctx context.Context, c Config) (l *link, runID string, err error) {
	conn, err := c.Dial(ctx)
	if err != nil {
		return nil, "", err
	}
	l = &link{ctx: ctx, conn: conn, quiet: c.Timeout}
	l.r = resp.NewReader(l)
	// Cancelling the context ends a read or write that is under way.
	l.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if runID, err = l.prepare(c.DB); err != nil {
		l.close()
		return nil, "", err
	}
	return l, runID, nil
}

func (l *link) close() {
	l.stop()
	_ = l.conn.Close()
}

func (l *link) prepare(db int) (runID string, err error) {
	out := resp.AppendCommand(nil, "INFO", "server")
	if db != 0 {
		out = append(resp.AppendCommand(nil, "SELECT", strconv.Itoa(db)), out...)
	}
	if err := l.write(out); err != nil {
		return "", err
	}
	if db != 0 {
		if _, err := l.r.Status(); err != nil {
			return "", fmt.Errorf("selecting database %d: %w", db, err)
		}
	}
	info, err := l.r.AppendBulk(nil)
	var reply resp.Error
	if errors.As(err, &reply) {
		return "", nil // INFO forbidden: the server stays anonymous, see resumable
	}
	return field(info, "run_id"), err
}

func field(info []byte, name string) string {
	_, rest, found := bytes.Cut(info, []byte("\n"+name+":"))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte("\r"))
	return string(value)
}

// Read reads from the connection. The time limit is for the server's silence,
// not for the whole scan, so every read has all of it.
func (l *link) Read(p []byte) (int, error) {
	if err := l.extend(); err != nil {
		return 0, err
	}
	return l.conn.Read(p)
}

// writeStep is what must get through within one time limit.
const writeStep = 256 << 10

func (l *link) write(b []byte) error {
	for len(b) > 0 {
		if err := l.extend(); err != nil {
			return err
		}
		n, err := l.conn.Write(b[:min(len(b), writeStep)])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (l *link) extend() error {
	if err := l.conn.SetDeadline(time.Now().Add(l.quiet)); err != nil {
		return err
	}
	return context.Cause(l.ctx) // checked last: cancelling sets a deadline too
}

// ask sends one write: the SCAN for the page after done, if there is one, and
// MEMORY USAGE for each key of done. The SCAN goes first so that its reply is
// here, and the next write on its way, while the server still works on the
// sizes. Two SCANs never travel in one write: the server would run them in one
// turn and keep its other clients waiting.
func (l *link) ask(done *page, count int) error {
	l.out = l.out[:0]
	if done.next != "0" {
		l.out = appendScan(l.out, done.next, count)
	}
	for i := range done.len() {
		l.out = appendUsage(l.out, done.name(i))
	}
	return l.write(l.out)
}

// askSome sends MEMORY USAGE for the keys of p from the one at from on, as many
// as have names of largePage bytes together, but at least one. It returns where
// to go on.
func (l *link) askSome(p *page, from int) (next int, err error) {
	l.out = l.out[:0]
	if name := p.name(from); len(name) > largePage { // not worth a copy
		l.out = append(resp.AppendHeader(l.out, 3), "$6\r\nMEMORY\r\n$5\r\nUSAGE\r\n$"...)
		l.out = append(strconv.AppendInt(l.out, int64(len(name)), 10), "\r\n"...)
		for _, part := range [][]byte{l.out, name, []byte("\r\n")} {
			if err := l.write(part); err != nil {
				return from, err
			}
		}
		return from + 1, nil
	}
	size := 0
	for next = from; next < p.len(); next++ {
		name := p.name(next)
		if size += len(name); size > largePage {
			break
		}
		l.out = appendUsage(l.out, name)
	}
	return next, l.write(l.out)
}

func appendUsage(b, name []byte) []byte {
	b = append(b, "*3\r\n$6\r\nMEMORY\r\n$5\r\nUSAGE\r\n"...)
	return resp.AppendArg(b, name)
}

func appendScan(b []byte, cursor string, count int) []byte {
	return resp.AppendCommand(b, "SCAN", cursor, "COUNT", strconv.Itoa(count))
}
