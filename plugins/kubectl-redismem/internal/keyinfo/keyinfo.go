// Package keyinfo asks a server what keys are: their types, encodings, times to live,
// idle times and numbers of elements.
//
// Such facts are worth less than names and sizes: what is refused, or gone by now,
// stays unknown, and nothing is an error.
package keyinfo

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
)

// Asker asks about keys of one database, over a connection of its own. It is not for
// several goroutines.
type Asker struct {
	// Commands is how many were sent.
	Commands int64

	conn    *redis.Conn
	refused [len(questions)]bool
}

// Open selects the database: in another one the answers would be about other keys.
func Open(ctx context.Context, client *redis.Client, db int) (*Asker, error) {
	a := &Asker{conn: client.Conn()}
	if db != 0 {
		if err := a.conn.Select(ctx, db).Err(); err != nil {
			a.Close()
			return nil, err
		}
	}
	// To look at a key is a use of it, unless the server is told otherwise.
	_ = a.conn.Do(ctx, "CLIENT", "NO-TOUCH", "ON").Err()
	return a, nil
}

// Close ends the connection.
func (a *Asker) Close() { _ = a.conn.Close() }

// questions about a key. IDLETIME is first, as what follows may count as a use.
var questions = [...][]any{
	{"OBJECT", "IDLETIME"}, {"TYPE"}, {"OBJECT", "ENCODING"}, {"PTTL"},
}

const (
	idle = iota
	kind
	encoding
	ttl
)

// Facts asks in one round trip. Each answer is at its name's place; Type is "" if
// nothing is known. A question that is forbidden, and not just for certain keys, is
// not asked again: the server keeps a log of who tries what.
func (a *Asker) Facts(ctx context.Context, names []string) []pattern.Facts {
	pipe := a.conn.Pipeline()
	answers := make([][len(questions)]*redis.Cmd, len(names))
	for i, name := range names {
		for q, words := range questions {
			if !a.refused[q] {
				answers[i][q] = pipe.Do(ctx, append(slices.Clone(words), name)...)
			}
		}
	}
	a.exec(ctx, pipe)
	out := make([]pattern.Facts, len(names))
	for i := range answers {
		for q, answer := range answers[i] {
			a.refused[q] = a.refused[q] || forbidden(answer)
		}
		out[i] = facts(answers[i])
	}
	return out
}

func (a *Asker) exec(ctx context.Context, pipe redis.Pipeliner) {
	a.Commands += int64(pipe.Len())
	_, _ = pipe.Exec(ctx) // each answer has its own error
}

// forbidden reports whether an answer says that the command itself is not for us.
func forbidden(answer *redis.Cmd) bool {
	var refusal redis.Error
	if answer == nil || !errors.As(answer.Err(), &refusal) || errors.Is(refusal, redis.Nil) {
		return false
	}
	// Redis 6: "... to access one of the keys", from 7 on "No permissions to access a key".
	return !strings.Contains(refusal.Error(), " to access ")
}

// facts reads the answers about one key.
func facts(answers [len(questions)]*redis.Cmd) pattern.Facts {
	f := pattern.Facts{TTL: -2, Idle: -1}
	f.Type, _ = text(answers[kind])
	if f.Type == "none" {
		f.Type = ""
	}
	f.Encoding, _ = text(answers[encoding])
	if n, ok := number(answers[idle]); ok {
		f.Idle = n
	}
	if n, ok := number(answers[ttl]); ok {
		f.TTL = n
		if n >= 0 {
			f.TTL = int64(math.Ceil(float64(n) / 1000))
		}
	}
	return f
}

func text(a *redis.Cmd) (string, bool) {
	if a == nil {
		return "", false
	}
	s, err := a.Text()
	return s, err == nil
}

func number(a *redis.Cmd) (int64, bool) {
	if a == nil {
		return 0, false
	}
	n, err := a.Int64()
	return n, err == nil
}

// lengths are the commands that count a collection's elements.
var lengths = map[string]string{"list": "LLEN", "set": "SCARD", "zset": "ZCARD", "hash": "HLEN", "stream": "XLEN"}

// Elements asks how many elements keys of known types have, in one round trip; -1 is
// not known, or no collection.
func (a *Asker) Elements(ctx context.Context, names []string, of []pattern.Facts) []int64 {
	pipe := a.conn.Pipeline()
	answers := make([]*redis.Cmd, len(names))
	for i, f := range of {
		if command := lengths[f.Type]; command != "" {
			answers[i] = pipe.Do(ctx, command, names[i])
		}
	}
	a.exec(ctx, pipe)
	out := make([]int64, len(names))
	for i, answer := range answers {
		out[i] = -1
		if n, ok := number(answer); ok {
			out[i] = n
		}
	}
	return out
}
