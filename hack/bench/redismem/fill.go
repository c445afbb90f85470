package main

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
)

// filler makes keys ARGV[1] to ARGV[2]: half strings, the rest hashes, lists, sets
// and sorted sets of a few elements, under eight prefixes.
const filler = `
local kinds = {'user:%d:profile', 'BOOK-%d', 'session:%s:cart', 'cache/page/%d', 'feed:{%d}', 'tags|%d', 'rank.%d', 'q_%d'}
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local k = i % 8
  local id = i
  if k == 2 then id = redis.sha1hex(i) end
  local key = string.format(kinds[k + 1], id)
  if k == 0 then redis.call('hset', key, 'name', 'n' .. i, 'mail', 'm' .. i .. '@example.org', 'n', i % 100)
  elseif k == 4 then redis.call('rpush', key, i, i + 1, i + 2)
  elseif k == 5 then redis.call('sadd', key, i, 'a', 'b')
  elseif k == 6 then redis.call('zadd', key, 1, 'a', 2, i)
  else redis.call('set', key, string.rep('x', i % 256)) end
end`

const bruteForce = `
local sum = 0
for _, k in ipairs(redis.call('keys', '*')) do sum = sum + redis.call('memory', 'usage', k) end
return sum`

// fill fills an empty server and finds out, by other means than ours, what there
// is in it.
func fill(ctx context.Context, addr string, keys int) (answer, error) {
	n, err := number(ctx, addr, "dbsize")
	if err != nil {
		return answer{}, err
	}
	if n != 0 {
		return answer{}, fmt.Errorf("the Redis at %s must be empty: it has %d keys", addr, n)
	}
	const step = 10_000
	for from := 0; from < keys; from += step {
		if _, err := cli(ctx, addr, "eval", filler, "0", strconv.Itoa(from), strconv.Itoa(min(from+step, keys)-1)); err != nil {
			return answer{}, err
		}
	}
	var truth answer
	if truth.Keys, err = number(ctx, addr, "dbsize"); err != nil {
		return truth, err
	}
	truth.Bytes, err = number(ctx, addr, "eval", bruteForce, "0")
	return truth, err
}

func number(ctx context.Context, addr string, command ...string) (int64, error) {
	out, err := cli(ctx, addr, command...)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(out, 10, 64)
}

func cli(ctx context.Context, addr string, command ...string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "redis-cli", append([]string{"-h", host, "-p", port, "--raw"}, command...)...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil || strings.HasPrefix(text, "ERR") {
		return "", fmt.Errorf("redis-cli %s: %w: %s", command[0], err, text)
	}
	return text, nil
}
