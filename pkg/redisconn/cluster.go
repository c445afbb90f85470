package redisconn

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Slots is how many hash slots a cluster has.
const Slots = 16384

// SlotRange is a range of hash slots, both ends included.
type SlotRange struct{ From, To int }

func (r SlotRange) String() string {
	if r.From == r.To {
		return strconv.Itoa(r.From)
	}
	return fmt.Sprintf("%d-%d", r.From, r.To)
}

// ClusterView is a cluster as one of its nodes sees it.
type ClusterView struct {
	Self  string // id of the node that was asked
	Nodes []ClusterNode
}

// ClusterNode is one line of CLUSTER NODES.
type ClusterNode struct {
	ID       string
	Host     string // the announced IP, "" if it is not known
	Hostname string // the announced name, "" if there is none
	Port     int
	Primary  string // id of the node that it copies, "" for a primary
	Failed   bool   // the majority holds it for dead
	Epoch    int64  // of its configuration: of two claims to a slot the higher one holds
	Slots    []SlotRange
}

// Address is how the node is announced, for messages.
func (n *ClusterNode) Address() string {
	host := n.Hostname
	if host == "" {
		host = n.Host
	}
	return net.JoinHostPort(host, strconv.Itoa(n.Port))
}

// hasSlots reports whether any node has any: else there is no cluster yet, or no
// more.
func (v *ClusterView) hasSlots() bool {
	return slices.ContainsFunc(v.Nodes, func(n ClusterNode) bool { return len(n.Slots) > 0 })
}

// inspectCluster adds the view of the cluster. A replica without the permission
// to READONLY would send every question on to its primary.
func (s *Server) inspectCluster(ctx context.Context, c *redis.Client) {
	text, err := c.ClusterNodes(ctx).Result()
	if err != nil {
		s.ClusterErr = fmt.Errorf("asking for CLUSTER NODES: %w", err)
		return
	}
	s.Cluster = parseNodes(text)
	if s.IsReplica() && c.ReadOnly(ctx).Err() != nil {
		s.Missing = append(s.Missing, LacksReadOnly)
	}
}

func parseNodes(text string) *ClusterView {
	v := &ClusterView{}
	for line := range strings.Lines(text) {
		n, flags, ok := parseNode(strings.Fields(line))
		if !ok || flags["handshake"] || flags["noaddr"] {
			continue
		}
		if flags["myself"] {
			v.Self = n.ID
		}
		v.Nodes = append(v.Nodes, n)
	}
	return v
}

// parseNode reads id, ip:port@bus[,hostname[,more]], flags, primary, ping, pong,
// epoch, link, and then slots. What is in brackets is a slot on the move, which
// still belongs to where it is listed.
func parseNode(f []string) (n ClusterNode, flags map[string]bool, ok bool) {
	const beforeSlots = 8
	if len(f) < beforeSlots {
		return n, nil, false
	}
	address, more, _ := strings.Cut(f[1], ",")
	address, _, _ = strings.Cut(address, "@")
	hostname, _, _ := strings.Cut(more, ",")
	colon := strings.LastIndexByte(address, ':')
	if colon < 0 {
		return n, nil, false
	}
	n = ClusterNode{ID: f[0], Host: strings.Trim(address[:colon], "[]"), Hostname: hostname,
		Port: int(number(address[colon+1:], 0)), Epoch: number(f[6], 0)}
	if n.Hostname == "?" {
		n.Hostname = ""
	}
	if f[3] != "-" {
		n.Primary = f[3]
	}
	flags = map[string]bool{}
	for flag := range strings.SplitSeq(f[2], ",") {
		flags[flag] = true
	}
	n.Failed = flags["fail"]
	for _, s := range f[beforeSlots:] {
		if strings.HasPrefix(s, "[") {
			continue
		}
		from, to, isRange := strings.Cut(s, "-")
		if !isRange {
			to = from
		}
		if a, b := number(from, -1), number(to, -1); a >= 0 && b >= a && b < Slots {
			n.Slots = append(n.Slots, SlotRange{int(a), int(b)})
		}
	}
	return n, flags, true
}

// OwnSlots are the slots that the server serves, as a replica those of its primary,
// in the order of the cluster's own list. They are nil outside of clusters.
func (s *Server) OwnSlots() []SlotRange {
	if s.Cluster == nil {
		return nil
	}
	find := func(id string) *ClusterNode {
		i := slices.IndexFunc(s.Cluster.Nodes, func(n ClusterNode) bool { return n.ID == id })
		if i < 0 {
			return nil
		}
		return &s.Cluster.Nodes[i]
	}
	n := find(s.Cluster.Self)
	if n != nil && n.Primary != "" {
		n = find(n.Primary)
	}
	if n == nil {
		return nil
	}
	return n.Slots
}
