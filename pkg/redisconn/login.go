package redisconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/resp"
)

// Open dials the server and logs in. The connection is ready for commands, in
// database 0 and RESP2. An error is a [*ConnectError] and carries a hint where
// the user can do something; see [ErrNoPassword], [ErrWrongPassword], [ErrNeedsTLS] and
// [ErrNotRedis].
func (e *Endpoint) Open(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, e.timeout(), fmt.Errorf("no answer within %v", e.timeout()))
	defer cancel()
	conn, err := e.open(ctx)
	if err == nil {
		return conn, nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return nil, &ConnectError{e.Name, err}
}

func (e *Endpoint) open(ctx context.Context) (net.Conn, error) {
	conn, err := e.Dial(ctx, "tcp", e.Addr)
	if err != nil {
		return nil, err
	}
	if e.TLS != nil {
		if conn, err = e.startTLS(ctx, conn); err != nil {
			return nil, err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err = e.login(&dialogue{conn, resp.NewReader(conn)})
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return nil, e.explain(ctx, err)
	}
	return conn, nil
}

// dialogue sends commands and reads statuses.
type dialogue struct {
	w io.Writer
	r *resp.Reader
}

func (d *dialogue) ask(args ...string) error {
	errs, err := d.askAll([][]string{args})
	if err != nil {
		return err
	}
	return errs[0]
}

// askAll sends commands in one write and returns what the server says against each.
// The error is of the connection.
func (d *dialogue) askAll(commands [][]string) (refusals []error, err error) {
	var out []byte
	for _, args := range commands {
		out = resp.AppendCommand(out, args...)
	}
	if _, err := d.w.Write(out); err != nil {
		return nil, err
	}
	for range commands {
		_, err := d.r.Status()
		if err != nil && code(err) == "" {
			return nil, err
		}
		refusals = append(refusals, err)
	}
	return refusals, nil
}

// login asks whether a password is needed before it sends one. Whoever names a
// user is logged in as that user in any case.
func (e *Endpoint) login(d *dialogue) error {
	commands := [][]string{{"PING"}}
	anonymous := len(e.Credentials) == 0 && !e.asUser()
	if anonymous { // there is nothing to wait for
		commands = append(commands, e.introduction()...)
	}
	refusals, err := d.askAll(commands)
	if err != nil {
		return err
	}
	if err := e.admitted(d, refusals[0]); err != nil || anonymous {
		return err
	}
	_, err = d.askAll(e.introduction())
	return err
}

// introduction is what a connection says of itself. A server may refuse it: a
// primary answers without READONLY, and anybody without a name.
func (e *Endpoint) introduction() (commands [][]string) {
	if e.ReadOnly {
		commands = append(commands, []string{"READONLY"})
	}
	if e.ClientName != "" {
		commands = append(commands, []string{"CLIENT", "SETNAME", e.ClientName})
	}
	return commands
}

// admitted logs in if that is needed, by the answer to PING.
func (e *Endpoint) admitted(d *dialogue, pinged error) error {
	switch code(pinged) {
	case "", "MISCONF", "MASTERDOWN": // a server that cannot save, a replica without its primary: both may be read from
		if e.asUser() {
			return e.authenticate(d)
		}
	case "NOAUTH":
		return e.authenticate(d)
	case "NOPERM": // let in without a password, but not to ping
		err := e.authenticate(d)
		if !e.asUser() && (code(err) != "" || errors.Is(err, ErrNoPassword) || errors.Is(err, ErrWrongPassword)) {
			return nil // there is nobody else to be; the commands that follow tell what is allowed
		}
		return err
	default:
		return pinged
	}
	return nil
}

// asUser reports whether a user was named. The default user may be let in without
// a password, and is then somebody else.
func (e *Endpoint) asUser() bool {
	return e.Username != "" || slices.ContainsFunc(e.Credentials, func(c Credential) bool { return c.Username != "" && !c.fallback })
}

// authenticate tries the credentials in turn. A password that was accepted
// before is tried alone, so that a connection opened again costs one try.
func (e *Endpoint) authenticate(d *dialogue) error {
	candidates := e.Credentials
	if used := e.Used(); used != nil {
		candidates = []Credential{*used}
	}
	switch {
	case len(candidates) > 0:
	case e.Username != "":
		return fmt.Errorf("%w for user %q", ErrNoPassword, e.Username)
	default:
		return ErrNoPassword
	}
	var sources []string
	for i := range candidates {
		c := &candidates[i]
		args := []string{"AUTH", c.Password}
		if c.Username != "" {
			args = []string{"AUTH", c.Username, c.Password}
		}
		err := d.ask(args...)
		if err == nil {
			e.use(c)
			return nil
		}
		if !refused(err) {
			return err
		}
		sources = append(sources, c.describe())
	}
	return &WrongPasswordError{Sources: sources}
}

func (c Credential) describe() string {
	if c.Username == "" {
		return c.Source
	}
	return fmt.Sprintf("user %q with %s", c.Username, c.Source)
}

// refused reports whether err is a server's way to say that user or password are
// wrong; WRONGPASS is younger than Redis 6.
func refused(err error) bool {
	text := strings.ToLower(err.Error())
	return code(err) == "WRONGPASS" || code(err) == "ERR" && strings.Contains(text, "invalid password")
}

// code is the code of an error reply, "" for nil and for other errors.
func code(err error) string {
	var reply resp.Error
	if errors.As(err, &reply) {
		return reply.Code()
	}
	return ""
}
