package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/locate"
)

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// inCluster is the address of a registry in the cluster, by the name that pods have
// for it, and a dialer that knows such names.
func (s *session) inCluster(c *locate.Candidate) (*url.URL, dialFunc, error) {
	cfg, err := s.flags.kube.Config()
	if err != nil {
		return nil, nil, err
	}
	client, err := s.flags.kube.Client()
	if err != nil {
		return nil, nil, err
	}
	to := func(namespace string) (*podconn.Dialer, error) {
		return podconn.New(cfg, namespace, podconn.Client(client))
	}
	own, err := to(c.Namespace)
	if err != nil {
		return nil, nil, err
	}
	place, host := fmt.Sprintf("svc/%s:%d", c.Service, c.Port), c.Service+"."+c.Namespace+".svc"
	if c.Service == "" {
		if len(c.Pods) == 0 {
			return nil, nil, fmt.Errorf("%q has no pod", c.Name())
		}
		place, host = fmt.Sprintf("pod/%s:%d", c.Pods[0].Name, c.Port), c.Pods[0].Name+"."+c.Namespace+".pod"
	}
	base := &url.URL{Scheme: c.Scheme, Host: net.JoinHostPort(host, fmt.Sprint(c.Port))}
	direct := own.To(place)
	return base, func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == base.Host {
			return direct(ctx, network, address)
		}
		service, namespace, port := serviceOf(address, c.Namespace)
		if service == "" {
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		}
		other, err := to(namespace)
		if err != nil {
			return nil, err
		}
		return other.To(fmt.Sprintf("svc/%s:%s", service, port))(ctx, network, address)
	}, nil
}

// serviceOf reads an address as a name of a service in the cluster's network, such as
// that of a token server; service is "" for any other host.
func serviceOf(address, namespace string) (service, in, port string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || net.ParseIP(host) != nil {
		return "", "", ""
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	switch {
	case len(labels) == 1 && host != "localhost":
		return labels[0], namespace, port
	case len(labels) >= 3 && labels[2] == "svc":
		return labels[0], labels[1], port
	}
	return "", "", ""
}
