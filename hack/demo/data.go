package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// fill puts the keys of an imaginary book shop into Redis and returns how many
// keys it has then. The data is the same every time.
func fill(ctx context.Context, addr string) (int64, error) {
	client := redis.NewClient(&redis.Options{Addr: addr, Password: password})
	defer client.Close()
	pipe := client.Pipeline()
	const batch = 5000
	for i := range 30000 {
		put(ctx, pipe, i)
		if i%batch == batch-1 {
			if _, err := pipe.Exec(ctx); err != nil {
				return 0, fmt.Errorf("filling Redis: %w", err)
			}
		}
	}
	keys, err := client.DBSize(ctx).Result()
	if err != nil {
		return 0, fmt.Errorf("counting keys: %w", err)
	}
	return keys, nil
}

// put writes the keys of one number: most numbers have a session, fewer a book.
func put(ctx context.Context, pipe redis.Pipeliner, i int) {
	pipe.Set(ctx, "session:"+uuid(i), strings.Repeat("s", 100+i%200), 0)
	if i < 20000 {
		pipe.Set(ctx, fmt.Sprintf("BOOK-%d", 100000+i), strings.Repeat("b", 400), 0)
	}
	if i%10 == 0 {
		pipe.HSet(ctx, fmt.Sprintf("user:%d:profile", i), "name", "reader", "mail", "reader@example.test", "visits", i)
		pipe.SAdd(ctx, fmt.Sprintf("cart:%d", i), i, i+1, i+2)
	}
	if i%3000 == 0 {
		pipe.ZAdd(ctx, fmt.Sprintf("bestsellers:%d", 2015+i/3000), ranking(i)...)
	}
}

// uuid makes the same random-looking UUID of i every time.
func uuid(i int) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(i)))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func ranking(from int) []redis.Z {
	var all []redis.Z
	for i := range 500 {
		all = append(all, redis.Z{Score: float64(i), Member: fmt.Sprintf("BOOK-%d", 100000+from+i)})
	}
	return all
}
