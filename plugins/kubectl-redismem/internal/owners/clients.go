package owners

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// connection is a line of CLIENT LIST.
type connection struct {
	addr   string
	memory int64 // bytes; -1 if not told
}

// listClients replaces what is known of the server's clients.
func (w *watcher) listClients(ctx context.Context, c *redis.Client) error {
	list, err := c.ClientList(ctx).Result()
	switch {
	case refused(err):
		w.note("the server refuses CLIENT LIST (%s): its connections are not shown", code(err))
	case err != nil:
		return fmt.Errorf("listing the server's clients: %w", err)
	}
	w.clients = nil
	for _, text := range strings.Split(list, "\n") {
		w.client(fields(text))
	}
	info, err := c.Info(ctx, "replication").Result()
	if err != nil && !refused(err) {
		return fmt.Errorf("asking the server for its role: %w", err)
	}
	w.replica = w.replica || strings.Contains(info, "role:slave")
	return nil
}

func (w *watcher) client(f map[string]string) {
	addr := f["addr"]
	if path, ok := strings.CutSuffix(addr, ":0"); ok && strings.HasPrefix(path, "/") {
		addr = "unix:" + path // as MONITOR writes it
	}
	switch {
	case addr == "":
		return
	case f["name"] == w.Endpoint.ClientName:
		w.ours[addr] = true
		return
	case strings.Contains(f["flags"], "M"):
		w.primary = addr
	}
	memory, partly := memoryOf(f)
	if partly {
		w.note("this server tells of a connection's memory only the buffers")
	}
	w.clients = append(w.clients, connection{addr: addr, memory: memory})
}

// fields are those of a line. Values have no spaces.
func fields(line string) map[string]string {
	f := map[string]string{}
	for _, word := range strings.Fields(line) {
		if name, value, ok := strings.Cut(word, "="); ok {
			f[name] = value
		}
	}
	return f
}

// memoryOf is a connection's memory; servers before 7.0 tell but that of the
// buffers.
func memoryOf(f map[string]string) (bytes int64, partly bool) {
	if n, err := strconv.ParseInt(f["tot-mem"], 10, 64); err == nil {
		return n, false
	}
	for _, name := range []string{"qbuf", "qbuf-free", "omem"} {
		n, err := strconv.ParseInt(f[name], 10, 64)
		if err != nil {
			return -1, false
		}
		bytes += n
	}
	return bytes, true
}

// workload is what stands behind an address.
func (w *watcher) workload(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	switch {
	case addr == scriptAddress:
		return "a script whose caller was not seen"
	case addr == "":
		return "unknown"
	case strings.HasPrefix(addr, "unix:"):
		return "unix socket"
	case err != nil:
		return addr
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	if w.Resolve != nil {
		if name, ok := w.Resolve(host); ok {
			return name
		}
	}
	return host
}

// code is the first word of a server's refusal. The rest may quote what was sent.
func code(err error) string {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return "?"
	}
	word, _, _ := strings.Cut(reply.Error(), " ")
	return word
}
