package redisconn

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// Address is where a server says that another one is: an IP or a name, and a port.
type Address struct {
	Host string
	Port int
}

func (a Address) String() string { return joinHostPort(a.Host, a.Port) }

// AskSentinel returns the addresses of the primaries that a Sentinel watches and
// of their replicas.
func AskSentinel(ctx context.Context, e *Endpoint) ([]Address, error) {
	client := e.Client()
	defer client.Close()
	primaries, err := flatMaps(ctx, client, "SENTINEL", "MASTERS")
	if err != nil {
		return nil, fmt.Errorf("asking the Sentinel %s for its primaries: %w", e.Name, err)
	}
	var out []Address
	add := func(m map[string]string) {
		a := Address{m["ip"], int(number(m["port"], 0))}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	for _, p := range primaries {
		add(p)
		replicas, err := flatMaps(ctx, client, "SENTINEL", "SLAVES", p["name"])
		if err != nil {
			return nil, fmt.Errorf("asking the Sentinel %s for replicas: %w", e.Name, err)
		}
		for _, r := range replicas {
			add(r)
		}
	}
	return out, nil
}

// flatMaps reads a list of lists of names and values.
func flatMaps(ctx context.Context, c *redis.Client, args ...any) ([]map[string]string, error) {
	list, err := c.Do(ctx, args...).Slice()
	if err != nil {
		return nil, err
	}
	var out []map[string]string
	for _, item := range list {
		flat, _ := item.([]any)
		m := map[string]string{}
		for i := 0; i+1 < len(flat); i += 2 {
			m[fmt.Sprint(flat[i])] = fmt.Sprint(flat[i+1])
		}
		out = append(out, m)
	}
	return out, nil
}
