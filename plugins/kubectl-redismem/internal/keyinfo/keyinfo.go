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
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
)

// Asker asks about keys of one database, over a connection of its own. It is not for
// several goroutines.
type Asker struct {
	// Commands is how many were sent.
	Commands int64
	// Tell, if not nil, is told of commands before they are sent.
	Tell func(commands int64)
	// Close gives the connection back to the client.
	Close func()

	conn    *redis.Conn
	reopen  func()
	refused [len(questions)]bool
}

// Open selects the database: in another one the answers would be about other keys.
func Open(ctx context.Context, client *redis.Client, db int) (*Asker, error) {
	a := &Asker{}
	open := func() error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		conn, release, err := redisconn.InDatabase(ctx, client, db)
		if err != nil {
			return err
		}
		a.conn, a.Close = conn, release
		// To look at a key is a use of it, unless the server is told otherwise.
		_ = conn.Do(ctx, "CLIENT", "NO-TOUCH", "ON").Err()
		return nil
	}
	if err := open(); err != nil {
		return nil, err
	}
	a.reopen = func() {
		a.Close()
		if open() != nil {
			a.reopen = func() {} // there is nobody to ask: the closed connection says so at once
		}
	}
	return a, nil
}

// questions about a key. IDLETIME is first, as what follows may count as a use.
var questions = [...][]any{
	{"OBJECT", "IDLETIME"}, {"TYPE"}, {"OBJECT", "ENCODING"}, {"PTTL"}, {"OBJECT", "REFCOUNT"},
}

const (
	idle = iota
	kind
	encoding
	ttl
	references
)

// shared is the number of references to what the server keeps once for all.
const shared = math.MaxInt32

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
	if a.Tell != nil {
		a.Tell(int64(pipe.Len()))
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := pipe.Exec(ctx) // each answer has its own error, too
	var reply redis.Error
	if err != nil && !errors.As(err, &reply) {
		a.reopen() // for the next ones
	}
}

// patience with a server that does not answer.
const patience = 3 * time.Second

// forbidden reports whether an answer says that the command itself is not for us, or
// not for this server. All else may be about the key, or about this moment.
func forbidden(answer *redis.Cmd) bool {
	var refusal redis.Error
	if answer == nil || !errors.As(answer.Err(), &refusal) {
		return false
	}
	switch text := refusal.Error(); {
	case strings.HasPrefix(text, "NOPERM"):
		// About keys, Redis 6 says "... to access one of the keys", later ones "No permissions to access a key".
		return !strings.Contains(text, " to access ")
	case strings.Contains(text, "LFU maxmemory policy"): // has no idle times
		return true
	default:
		return strings.HasPrefix(strings.ToLower(text), "err unknown")
	}
}

// facts reads the answers about one key.
func facts(answers [len(questions)]*redis.Cmd) pattern.Facts {
	f := pattern.Facts{TTL: -2, Idle: -1}
	f.Type = text(answers[kind])
	if f.Type == "none" {
		f.Type = ""
	}
	f.Encoding = text(answers[encoding])
	n, _ := number(answers[references])
	f.Shared = n == shared
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

func text(a *redis.Cmd) string {
	if a == nil {
		return ""
	}
	s, _ := a.Text()
	return s
}

func number(a *redis.Cmd) (int64, bool) {
	if a == nil {
		return 0, false
	}
	n, err := a.Int64()
	return n, err == nil
}

// The index of a stream is a tree. MEMORY USAGE of Redis 5 to 8.0 takes each of its
// nodes for 244 bytes and each of its keys for 16 more; what is really there is 26
// for a node, measured with entries of 10 to 200 bytes.
const (
	nodeExcess = 244 - 26
	keyExcess  = 16
)

// largestEntry is the average size of a stream's entries up to which XINFO is asked:
// it sends two of them along.
const largestEntry = 16 << 10

// Excess asks how many bytes of its size each stream does not really take, in one
// round trip; 0 where nothing is known. Consumers' pending entries are not in it.
func (a *Asker) Excess(ctx context.Context, names []string, of []pattern.Facts, sizes, elements []int64) []int64 {
	pipe := a.conn.Pipeline()
	answers := make([]*redis.Cmd, len(names))
	for i, f := range of {
		if f.Type == "stream" && sizes[i] > 0 && sizes[i]/max(1, elements[i]) <= largestEntry {
			answers[i] = pipe.Do(ctx, "XINFO", "STREAM", names[i])
		}
	}
	out := make([]int64, len(names))
	if pipe.Len() == 0 {
		return out
	}
	a.exec(ctx, pipe)
	for i, answer := range answers {
		if answer == nil {
			continue
		}
		reply, err := answer.Slice()
		for at := 0; err == nil && at+1 < len(reply); at += 2 {
			n, _ := reply[at+1].(int64)
			switch reply[at] {
			case "radix-tree-nodes":
				out[i] += n * nodeExcess
			case "radix-tree-keys":
				out[i] += n * keyExcess
			}
		}
	}
	return out
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
