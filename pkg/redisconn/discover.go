package redisconn

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
)

// Discover finds the rest of a cluster from one of its nodes, by the addresses
// that the nodes announce, and dials these directly with the endpoint's TLS and
// credentials. Of everything else, and of a cluster that does not describe
// itself, it is the one server alone. Nodes that cannot be reached are in their
// shards' Absent or Missing.
func Discover(ctx context.Context, e *Endpoint) (*Deployment, error) {
	seed := &Instance{Endpoint: e}
	if err := seed.inspect(ctx); err != nil {
		return nil, err
	}
	if seed.Server.Cluster == nil {
		d := replicaSet([]*Instance{seed})
		d.Name, d.Shards[0].Absent = e.Name, nil
		return d, nil
	}
	all, failed := seed.others(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	d := clusterOf(append([]*Instance{seed}, all...), nil)
	d.Name = e.Name
	for _, why := range failed {
		d.Notes = append(d.Notes, why.Error())
	}
	return d, nil
}

// inspect asks the server once, on a connection of its own.
func (i *Instance) inspect(ctx context.Context) error {
	client := i.Endpoint.Client()
	defer client.Close()
	i.Server, i.Err = Inspect(ctx, client)
	if i.Err == nil {
		i.Endpoint.ReadOnly = i.Server.Mode == modeCluster
	}
	return i.Err
}

// others asks the nodes that the cluster of i consists of, but for itself. One
// whose address leads to another node is none of them.
func (i *Instance) others(ctx context.Context) (answered []*Instance, failed []error) {
	v := i.Server.Cluster
	found, errs := make([]*Instance, len(v.Nodes)), make([]error, len(v.Nodes))
	var wait sync.WaitGroup
	slots := make(chan struct{}, maxProbes)
	for at, n := range v.Nodes {
		if n.ID == v.Self {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			other := &Instance{Port: n.Port, Endpoint: i.Endpoint.at(n)}
			switch errs[at] = other.inspect(ctx); {
			case errs[at] != nil:
			case other.Server.Cluster == nil || other.Server.Cluster.Self != n.ID:
				errs[at] = fmt.Errorf("the node announced as %s is another server there", n.Address())
			default:
				found[at] = other
			}
		})
	}
	wait.Wait()
	for at := range found {
		if found[at] != nil {
			answered = append(answered, found[at])
		}
		if errs[at] != nil {
			failed = append(failed, errs[at])
		}
	}
	return answered, failed
}

// at is an endpoint like e for another node of its cluster.
func (e *Endpoint) at(n ClusterNode) *Endpoint {
	host := n.Host
	if host == "" {
		host = n.Hostname
	}
	addr := joinHostPort(host, n.Port)
	other := e.with(e.TLS)
	other.Name, other.Addr = addr, addr
	if e.TLS != nil && n.Hostname != "" {
		other.TLS = e.TLS.Clone()
		other.TLS.ServerName = n.Hostname
	}
	return other
}

// with is an endpoint like e, unused, with other TLS settings.
func (e *Endpoint) with(cfg *tls.Config) *Endpoint {
	return &Endpoint{Name: e.Name, Addr: e.Addr, Dial: e.Dial, TLS: cfg, Credentials: e.Credentials, Username: e.Username,
		ClientName: e.ClientName, Timeout: e.Timeout, TLSHint: e.TLSHint, PasswordHint: e.PasswordHint}
}
