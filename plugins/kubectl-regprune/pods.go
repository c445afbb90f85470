package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"

	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/collect"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// podAccess is the way to each pod of the registry.
type podAccess struct{ *session }

func (a podAccess) Runner(p collect.Pod) disk.Runner {
	cfg, err := a.flags.kube.Config()
	if err != nil {
		return failing{err}
	}
	client, err := podexec.New(cfg, podexec.EndToEnd())
	if err != nil {
		return failing{err}
	}
	return disk.NewPod(client, p.Namespace, p.Name, p.Container)
}

// Door asks one pod, by the port that its container listens on.
func (a podAccess) Door(ctx context.Context, p collect.Pod) (collect.Door, func(), error) {
	cfg, err := a.flags.kube.Config()
	if err != nil {
		return nil, nil, err
	}
	dialer, err := podconn.New(cfg, p.Namespace)
	if err != nil {
		return nil, nil, err
	}
	port := a.candidate.ContainerPort
	base := &url.URL{Scheme: a.candidate.Scheme, Host: net.JoinHostPort(a.candidate.ServerName(), fmt.Sprint(port))}
	one := &session{flags: a.flags, candidate: a.candidate, name: a.name}
	dial := dialer.To(fmt.Sprintf("pod/%s:%d", p.Name, port))
	if err := one.open(base, dial); err != nil {
		return nil, nil, err
	}
	if err := one.hello(ctx, base, dial); err != nil && !errors.Is(err, registry.ErrUnauthorized) {
		return nil, nil, err
	}
	return one.client, one.client.Close, nil
}

// failing is a runner for what cannot be run.
type failing struct{ err error }

func (f failing) Run(context.Context, []string, io.Reader, io.Writer) error { return f.err }
