package analysis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
)

const (
	fewNames    = 10      // are asked for first: names may be huge
	sampledName = 500     // names show how all are made
	sampledSize = 1 << 20 // bytes of them, about
)

// learn looks at samples of names for how to cut them, and says what is special.
func (o *Options) learn(shards []*shard) (notes []string) {
	var names [][]byte
	for _, s := range shards {
		names = append(names, s.names...)
	}
	if learned := o.Pattern.Learn(names); learned != "" {
		return []string{fmt.Sprintf("names are cut at %q, too, which most of them have; --separators sets others", strings.Split(learned, ""))}
	}
	return nil
}

// sampleNames are some names of the database with the most keys, in the order of
// their hashes: any are as good as others. Why it failed the scan will say as well.
func (s *shard) sampleNames(ctx context.Context, of []redisconn.Database) (names [][]byte) {
	if len(of) == 0 {
		return nil
	}
	most := slices.MaxFunc(of, func(a, b redisconn.Database) int { return cmp.Compare(a.Keys, b.Keys) })
	conn, release, err := redisconn.InDatabase(ctx, s.client, most.DB)
	if err != nil {
		return nil
	}
	defer release()
	cursor, size := uint64(0), 0
	for _, count := range []int{fewNames, sampledName} {
		if size > 0 {
			count = min(count, max(1, len(names)*sampledSize/size))
		}
		page, next, err := conn.Scan(ctx, cursor, "", int64(count)).Result()
		if err != nil {
			break
		}
		for _, name := range page {
			size += len(name)
			names = append(names, []byte(name))
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	return names
}
