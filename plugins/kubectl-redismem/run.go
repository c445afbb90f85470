package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/podconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/analysis"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/locate"
)

func (o *options) run(ctx context.Context) error {
	place, err := o.find(ctx)
	if err != nil {
		return o.failed(ctx, err)
	}
	progress := streams.NewProgress(o.io, "scanning", "keys")
	o.analysis.Progress = progress.Update
	report, err := analysis.Run(ctx, place.endpoint, o.analysis)
	progress.Clear()
	if report == nil {
		return o.failed(ctx, err)
	}
	report.Server.Context, report.Server.Namespace, report.Server.Pod = place.context, place.namespace, place.pod
	if printErr := o.print(report); printErr != nil {
		return printErr
	}
	return o.conclude(ctx, report, place.endpoint.Used(), err)
}

// place is a server and where it is.
type place struct {
	endpoint                *redisconn.Endpoint
	context, namespace, pod string
}

func (o *options) find(ctx context.Context) (*place, error) {
	if o.addr != "" {
		return &place{endpoint: o.direct()}, nil
	}
	cfg, err := o.kube.Config()
	if err != nil {
		return nil, err
	}
	client, err := o.kube.Client()
	if err != nil {
		return nil, err
	}
	p := &place{}
	if p.namespace, err = o.kube.Namespace(); err != nil {
		return nil, err
	}
	if p.context, err = o.kube.ContextName(); err != nil {
		return nil, err
	}
	dialer, err := podconn.New(cfg, p.namespace)
	if err != nil {
		return nil, err
	}
	deployment, err := locate.Find(ctx, locate.Request{
		Client: client, Namespace: p.namespace, Ref: o.ref, Container: o.container, Port: o.port,
		Command: again(o.set, p.namespace),
		Finder: &redisconn.Finder{
			Client: client, Username: o.username, Endpoint: func() *redisconn.Endpoint { return o.endpoint(o.serverName(p.namespace)) },
			Dialer: func(pod string, port int) redisconn.DialFunc {
				return dialer.To(fmt.Sprintf("pod/%s:%d", pod, port))
			},
		},
	})
	if err != nil {
		return nil, err
	}
	instance, why := deployment.Shards[0].Choose(redisconn.PreferPrimary)
	if instance == nil {
		return nil, fmt.Errorf("%s: %s", deployment.Name, why)
	}
	p.endpoint, p.pod = instance.Endpoint, instance.Pod.Name
	return p, nil
}

// endpoint is the model of all endpoints.
func (o *options) endpoint(name string) *redisconn.Endpoint {
	return &redisconn.Endpoint{
		TLS: o.tls.config(name), Credentials: o.credentials, ClientName: "kubectl-redismem",
		TLSHint:      "add --tls, with --tls-ca-file FILE or --tls-skip-verify",
		PasswordHint: passwordHint,
	}
}

func (o *options) direct() *redisconn.Endpoint {
	host, _, _ := net.SplitHostPort(o.addr)
	e := o.endpoint(host)
	var d net.Dialer
	e.Name, e.Addr, e.Dial = o.addr, o.addr, d.DialContext
	return e
}

// serverName is what a certificate is expected to be for: the service if one was
// named, else the loopback name under which the pod itself would check it.
func (o *options) serverName(namespace string) string {
	if o.ref != nil && o.ref.Kind == resolve.Service {
		return o.ref.Name + "." + namespace + ".svc"
	}
	return "localhost"
}

// failed is the error of a run without a report.
func (o *options) failed(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(o.io.Err, "interrupted before anything was counted")
		return cli.Exit(cli.ExitInterrupted)
	case o.addr != "" && strings.Contains(hint.Of(err), "--port"):
		return hint.With(err, "give the address of a Redis: --addr HOST:PORT")
	case o.addr != "" && hint.Of(err) == "" && errors.Is(err, syscall.ECONNREFUSED):
		return hint.With(err, "nothing listens there: give another --addr HOST:PORT, or look in a cluster with -n NAMESPACE")
	}
	return withCode(err)
}

// withCode gives the errors of finding and connecting their exit code.
func withCode(err error) error {
	switch {
	case errors.Is(err, locate.ErrSeveral):
		return cli.WithCode(err, cli.ExitUsage)
	case errors.Is(err, locate.ErrNone), errors.Is(err, resolve.ErrNothing):
		return cli.WithCode(err, cli.ExitNothing)
	}
	return err
}

// conclude says how it went, on stderr, and returns the exit code.
func (o *options) conclude(ctx context.Context, r *analysis.Report, used *redisconn.Credential, err error) error {
	if !o.quiet {
		summarize(o.io.Err, r, used)
	}
	if used == nil && len(o.credentials) > 0 && !o.quiet {
		fmt.Fprintf(o.io.Err, "note: the server asked for no password, so the one from %s was not used\n", o.credentials[0].Source)
	}
	o.warnOfEmptyPins(r)
	c := r.Coverage
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintf(o.io.Err, "interrupted: the report is about %s of the keys\n", percent(c.Share()))
		return cli.Exit(cli.ExitInterrupted)
	case err != nil:
		return cli.WithCode(fmt.Errorf("the report is about %s of the keys: %w", percent(c.Share()), err), cli.ExitPartial)
	case c.Unreadable > 0:
		fmt.Fprintf(o.io.Err, "warning: the server told no size of %d keys (%s); they are not in the report\n", c.Unreadable, refusals(c.Refusals))
		return cli.Exit(cli.ExitPartial)
	}
	return nil
}

// warnOfEmptyPins: who leaves out the star means a prefix all the same.
func (o *options) warnOfEmptyPins(r *analysis.Report) {
	for _, g := range r.Groups {
		if g.Pinned && g.Keys == 0 && !strings.ContainsAny(g.Pattern, "*?[") {
			name := displayName(g.Pattern)
			fmt.Fprintf(o.io.Err, "warning: no key is named exactly \"%s\"\nhint: for all keys that begin so: --prefix %s\n", name, shellQuote(name+"*"))
		}
	}
}

func refusals(byCode map[string]int64) string {
	var parts []string
	for code, n := range byCode {
		parts = append(parts, fmt.Sprintf("%s %d", code, n))
	}
	return streams.SanitizeLine(strings.Join(parts, ", "))
}
