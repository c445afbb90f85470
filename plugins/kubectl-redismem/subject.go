package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/analysis"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/locate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// subject is what is scanned, and how it was found.
type subject struct {
	analysis.Subject
	notes     []string
	primaries []*redisconn.Endpoint // where clients write
}

// find looks for the servers that are meant, and picks a node of each shard.
func (o *options) find(ctx context.Context) (*subject, error) {
	if o.addr != "" {
		d, err := redisconn.Discover(ctx, o.direct())
		if err != nil {
			return nil, err
		}
		return o.subject(d, report.Source{Name: o.addr}, func(ctx context.Context, shard int) (*redisconn.Shard, error) {
			return rediscover(ctx, d, shard)
		})
	}
	if _, err := o.kube.Config(); err != nil { // first: it has the best words for a broken kubeconfig
		return nil, err
	}
	namespace, err := o.kube.Namespace()
	if err != nil {
		return nil, err
	}
	source := report.Source{Namespace: namespace}
	if source.Context, err = o.kube.ContextName(); err != nil {
		return nil, err
	}
	request, err := o.request(namespace)
	if err != nil {
		return nil, err
	}
	d, err := locate.Find(ctx, *request)
	if err != nil {
		return nil, err
	}
	source.Name = d.Name
	return o.subject(d, source, func(ctx context.Context, shard int) (*redisconn.Shard, error) {
		return locate.Again(ctx, *request, d, shard)
	})
}

// subject picks the node of each shard to burden; again, if not nil, looks for a
// shard once more.
func (o *options) subject(d *redisconn.Deployment, source report.Source, again func(context.Context, int) (*redisconn.Shard, error)) (*subject, error) {
	s := &subject{Subject: analysis.Subject{Source: source}, notes: d.Notes}
	for i := range d.Shards {
		shard := &d.Shards[i]
		node, err := o.node(shard)
		if err != nil {
			s.Missing = append(s.Missing, err.Error())
			continue
		}
		if again != nil {
			node.Again = func(ctx context.Context) (*analysis.Node, error) {
				now, err := again(ctx, i)
				if err != nil {
					return nil, err
				}
				return o.node(now)
			}
		}
		s.Nodes = append(s.Nodes, node)
		if e := primary(shard); e != nil {
			s.primaries = append(s.primaries, e)
		}
		if why := o.alone(shard); why != nil {
			s.Missing = append(s.Missing, fmt.Sprintf("the other shards of %s's cluster: %s", node.Endpoint.Name, why))
		}
	}
	if len(s.Nodes) == 0 {
		return nil, errors.Join(fmt.Errorf("no node of %s can be read", d.Name), d.Err())
	}
	return s, nil
}

// alone is why a node of a cluster is all that can be found of it, nil if there is
// more, or if the pod was named and nothing else is meant.
func (o *options) alone(s *redisconn.Shard) error {
	if o.ref != nil && o.ref.Kind == resolve.Pod {
		return nil
	}
	return s.Nodes[0].Server.ClusterErr
}

// node is the one of a shard that is read from.
func (o *options) node(s *redisconn.Shard) (*analysis.Node, error) {
	i, why := s.Choose(o.from)
	if i == nil {
		return nil, fmt.Errorf("slots %s: %s", s.Name(), why)
	}
	n := &analysis.Node{Endpoint: i.Endpoint, Shard: s.Name()}
	if i.Pod != nil {
		n.Pod = i.Pod.Name
	}
	return n, nil
}

// used is the first password that a server accepted, nil if none wanted one.
func (s *subject) used() *redisconn.Credential {
	for _, n := range s.Nodes {
		if c := n.Endpoint.Used(); c != nil {
			return c
		}
	}
	return nil
}

// rediscover looks for a shard once more, by way of any node that still answers.
func rediscover(ctx context.Context, d *redisconn.Deployment, shard int) (*redisconn.Shard, error) {
	var failed error
	for _, i := range d.Instances() {
		now, err := redisconn.Discover(ctx, i.Endpoint)
		if err == nil {
			return now.Like(&d.Shards[shard])
		}
		failed = cmp.Or(failed, err)
	}
	return nil, failed
}
