package keys

import (
	"context"
	"math"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// lengths are the commands that count a collection's elements.
var lengths = map[string]string{"list": "LLEN", "set": "SCARD", "zset": "ZCARD", "hash": "HLEN", "stream": "XLEN"}

// describe asks what the winners are.
func (s *search) describe(ctx context.Context, db int) {
	client := s.endpoint.Client()
	defer client.Close()
	list := make([]Key, 0, len(s.best.list))
	for _, e := range s.best.list {
		list = append(list, New(s.endpoint.Name, db, e.name, e.size))
	}
	Describe(ctx, client, list)
	s.found = append(s.found, list...)
}

// New is a key of which only the size is known.
func New(server string, db int, name string, size int64) Key {
	return Key{raw: name, Idle: -1, Key: report.Key{
		Name: string(pattern.AppendEscaped(nil, name)), DB: db, Server: server, Bytes: size, Elements: -1, TTL: -2}}
}

// Describe asks what keys of one database are. It is worth less than their sizes:
// what is refused, or is gone by now, stays unknown.
func Describe(ctx context.Context, client *redis.Client, list []Key) {
	if len(list) == 0 {
		return
	}
	conn := client.Conn()
	defer conn.Close()
	// In the wrong database the answers would be about other keys of these names.
	if db := list[0].DB; db != 0 && conn.Select(ctx, db).Err() != nil {
		return
	}
	// Counting elements is a use of the key to the server, unless it is told otherwise.
	_ = conn.Do(ctx, "CLIENT", "NO-TOUCH", "ON").Err()
	for ; len(list) > 0 && ctx.Err() == nil; list = list[min(len(list), describedAtOnce):] {
		ask(ctx, conn, list[:min(len(list), describedAtOnce)])
	}
}

// describedAtOnce bounds what the server answers in one go: counting the elements of
// a stream or list is quick, but a hundred keys are enough for a round trip.
const describedAtOnce = 100

// ask has two round trips: what the keys are, and then how many elements they have.
func ask(ctx context.Context, c *redis.Conn, list []Key) {
	type answers struct{ idle, kind, encoding, ttl, length *redis.Cmd }
	all := make([]answers, len(list))
	pipe := c.Pipeline()
	for i, k := range list {
		all[i] = answers{
			idle: pipe.Do(ctx, "OBJECT", "IDLETIME", k.raw), // first: what follows may count as a use
			kind: pipe.Do(ctx, "TYPE", k.raw), encoding: pipe.Do(ctx, "OBJECT", "ENCODING", k.raw), ttl: pipe.Do(ctx, "PTTL", k.raw),
		}
	}
	_, _ = pipe.Exec(ctx) // each answer has its own error
	pipe = c.Pipeline()
	for i := range list {
		k, a := &list[i], &all[i]
		if n, err := a.idle.Int64(); err == nil {
			k.Idle = n
		}
		if kind, err := a.kind.Text(); err == nil && kind != "none" {
			k.Type = kind
		}
		if encoding, err := a.encoding.Text(); err == nil {
			k.Encoding = encoding
		}
		if ttl, err := a.ttl.Int64(); err == nil {
			k.TTL = ttl
			if ttl >= 0 {
				k.TTL = int64(math.Ceil(float64(ttl) / 1000))
			}
		}
		if command := lengths[k.Type]; command != "" {
			a.length = pipe.Do(ctx, command, k.raw)
		}
	}
	_, _ = pipe.Exec(ctx)
	for i, a := range all {
		if a.length == nil {
			continue
		}
		if n, err := a.length.Int64(); err == nil {
			list[i].Elements = n
		}
	}
}
