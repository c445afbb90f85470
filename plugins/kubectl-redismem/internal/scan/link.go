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
	scan  *scan
	conn  net.Conn
	r     *resp.Reader
	out   []byte
	quiet time.Duration
	stop  func() bool
	usage sizeCommand
}

// open dials, selects the database and learns which server answers.
func open(ctx context.Context, s *scan) (l *link, runID string, err error) {
	conn, err := s.Dial(ctx)
	if err != nil {
		return nil, "", err
	}
	l = &link{ctx: ctx, scan: s, conn: conn, quiet: s.Timeout, usage: usage(s.Samples)}
	l.r = resp.NewReader(l)
	// Cancelling the context ends a read or write that is under way.
	l.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	if runID, err = l.prepare(s.DB); err != nil {
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
	n, err := l.conn.Read(p)
	l.scan.received.Add(int64(n))
	return n, err
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
		l.scan.sent.Add(int64(n))
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

// askPage sends a SCAN alone.
func (l *link) askPage(cursor string, count int) error {
	if err := l.scan.Pacer.Wait(l.ctx); err != nil {
		return err
	}
	return l.send(l.appendScan(l.out[:0], cursor, count), 1)
}

// ask sends one write: the SCAN for the page after done, if there is one, and
// MEMORY USAGE for the keys of done. The SCAN goes first so that its reply is
// here, and the next write on its way, while the server still works on the
// sizes. Two SCANs never travel in one write: the server would run them in one
// turn and keep its other clients waiting.
func (l *link) ask(done *page, count int) error {
	if err := l.scan.Pacer.Wait(l.ctx); err != nil {
		return err
	}
	l.out = l.out[:0]
	commands := done.asked
	if !done.last {
		l.out = l.appendScan(l.out, done.next, count)
		commands++
	}
	for i, k := range done.weights {
		if k != NotAsked {
			l.out = l.usage.append(l.out, done.name(i))
		}
	}
	return l.send(l.out, commands)
}

// askSome sends MEMORY USAGE for the keys of p from the one at from on, as many
// as have names of largePage bytes together, but at least one. It returns where
// to go on, and how many it asked for.
func (l *link) askSome(p *page, from int) (next, asked int, err error) {
	l.out = l.out[:0]
	size := 0
	for next = from; next < p.len(); next++ {
		if p.weights[next] == NotAsked {
			continue
		}
		name := p.name(next)
		if size += len(name); size > largePage && asked > 0 {
			break
		}
		asked++
		if size > largePage { // not worth a copy
			return next + 1, asked, l.sendLong(name)
		}
		l.out = l.usage.append(l.out, name)
	}
	return next, asked, l.send(l.out, asked)
}

func (l *link) sendLong(name []byte) error {
	head := strconv.AppendInt(append(l.out[:0], l.usage.head...), int64(len(name)), 10)
	l.scan.commands.Add(1)
	l.scan.Pacer.Sent(1)
	for _, part := range [][]byte{append(head, "\r\n"...), name, []byte("\r\n" + l.usage.tail)} {
		if err := l.write(part); err != nil {
			return err
		}
	}
	return nil
}

func (l *link) send(b []byte, commands int) error {
	l.scan.commands.Add(int64(commands))
	l.scan.Pacer.Sent(int64(commands))
	return l.write(b)
}

// sizeCommand is MEMORY USAGE around a name.
type sizeCommand struct{ head, tail string }

func usage(samples int) sizeCommand {
	if samples == 0 {
		return sizeCommand{"*3\r\n$6\r\nMEMORY\r\n$5\r\nUSAGE\r\n$", ""}
	}
	n := strconv.Itoa(max(0, samples)) // to the server 0 means all
	return sizeCommand{"*5\r\n$6\r\nMEMORY\r\n$5\r\nUSAGE\r\n$", "$7\r\nSAMPLES\r\n$" + strconv.Itoa(len(n)) + "\r\n" + n + "\r\n"}
}

func (c sizeCommand) append(b, name []byte) []byte {
	b = strconv.AppendInt(append(b, c.head...), int64(len(name)), 10)
	b = append(append(append(b, "\r\n"...), name...), "\r\n"...)
	return append(b, c.tail...)
}

func (l *link) appendScan(b []byte, cursor string, count int) []byte {
	if l.scan.Match == "" {
		return resp.AppendCommand(b, "SCAN", cursor, "COUNT", strconv.Itoa(count))
	}
	return resp.AppendCommand(b, "SCAN", cursor, "MATCH", l.scan.Match, "COUNT", strconv.Itoa(count))
}
