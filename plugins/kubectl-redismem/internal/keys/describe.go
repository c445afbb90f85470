package keys

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/keyinfo"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// describedAtOnce bounds what the server answers in one go: counting the elements of
// a stream or list is quick, but a hundred keys are enough for a round trip.
const describedAtOnce = 100

// Keys are what was kept, of one database of one server, with nothing known but
// their sizes.
func (b *Best) Keys(server string, db int) []Key {
	list := make([]Key, 0, len(b.list))
	for _, e := range b.list {
		list = append(list, Key{raw: e.name, Idle: -1, Key: report.Key{
			Name: string(pattern.AppendEscaped(nil, e.name)), DB: db, Server: server, Bytes: e.size, Elements: -1, TTL: -2}})
	}
	return list
}

// Describe asks what keys of one database are; see package keyinfo. Tell is told of
// commands before they are sent.
func Describe(ctx context.Context, client *redis.Client, list []Key, tell func(commands int64)) {
	if len(list) == 0 {
		return
	}
	asker, err := keyinfo.Open(ctx, client, list[0].DB)
	if err != nil {
		return
	}
	defer asker.Close()
	asker.Tell = tell
	for some := range slices.Chunk(list, describedAtOnce) {
		if ctx.Err() != nil {
			return
		}
		names := make([]string, len(some))
		for i, k := range some {
			names[i] = k.raw
		}
		facts := asker.Facts(ctx, names)
		elements := asker.Elements(ctx, names, facts)
		for i, f := range facts {
			k := &some[i]
			k.Type, k.Encoding, k.TTL, k.Idle, k.Elements = f.Type, f.Encoding, f.TTL, f.Idle, elements[i]
		}
	}
}
