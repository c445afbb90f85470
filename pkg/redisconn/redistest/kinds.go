package redistest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Kind is one kind of data: N calls of Make, which sends commands.
type Kind struct {
	Name string
	N    int
	Make func(p redis.Pipeliner, i int)
}

// Kinds of data, each of which servers size in their own way.
var Kinds = []Kind{
	{"small strings", 100_000, func(p redis.Pipeliner, i int) { p.Set(ctx, fmt.Sprint("s:", i), "x", 0) }},
	{"strings with times to live", 50_000, func(p redis.Pipeliner, i int) {
		p.Do(ctx, "SET", fmt.Sprint("session:", i), strings.Repeat("v", i%300), "EX", 36000)
	}},
	{"long names", 20_000, func(p redis.Pipeliner, i int) {
		p.Set(ctx, fmt.Sprint(strings.Repeat("name:", i%100), i), i, 0)
	}},
	{"compact collections", 20_000, func(p redis.Pipeliner, i int) {
		p.HSet(ctx, fmt.Sprint("h:", i), "field", i, "other", "value")
		p.RPush(ctx, fmt.Sprint("l:", i), 1, 2, "three")
		p.SAdd(ctx, fmt.Sprint("i:", i), 1, 2, 3)
		p.ZAdd(ctx, fmt.Sprint("z:", i), redis.Z{Score: 1, Member: "a"})
	}},
	{"big hashes", 100_000, func(p redis.Pipeliner, i int) { p.HSet(ctx, fmt.Sprint("h:", i/5000), fmt.Sprint("field:", i), i) }},
	{"big sets", 100_000, func(p redis.Pipeliner, i int) { p.SAdd(ctx, fmt.Sprint("t:", i/5000), fmt.Sprint("member:", i)) }},
	{"big sorted sets", 100_000, func(p redis.Pipeliner, i int) {
		p.ZAdd(ctx, fmt.Sprint("z:", i/5000), redis.Z{Score: float64(i), Member: fmt.Sprint("member:", i)})
	}},
	{"big lists", 100_000, func(p redis.Pipeliner, i int) { p.RPush(ctx, fmt.Sprint("l:", i/5000), strings.Repeat("e", 20+i%50)) }},
	// Of a stream's index, each node is counted as 240 bytes and more, whatever it has.
	{"streams", 400_000, func(p redis.Pipeliner, i int) {
		p.XAdd(ctx, &redis.XAddArgs{Stream: fmt.Sprint("x:", i/1000), Values: []any{"temperature", i, "unit", "C"}})
	}},
}

var ctx = context.Background()

// Fill sends what n calls of f make, in batches.
func Fill(t testing.TB, c *redis.Client, n int, f func(p redis.Pipeliner, i int)) {
	t.Helper()
	for at := 0; at < n; at += 1000 {
		p := c.Pipeline()
		for i := at; i < min(at+1000, n); i++ {
			f(p, i)
		}
		if _, err := p.Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
}
