package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/analysis"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/locate"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

func (o *options) run(ctx context.Context) error {
	subject, err := o.find(ctx)
	if err != nil {
		return o.failed(ctx, analysis.ExplainRefusal(err))
	}
	if o.every > 0 {
		return o.watch(ctx, subject)
	}
	progress := streams.NewProgress(o.io, "scanning", "keys")
	o.analysis.Progress = progress.Update
	shown := &preview{options: o, progress: progress}
	if o.watched() {
		o.analysis.Preview = shown.show
	}
	r, err := analysis.Run(ctx, subject.Subject, o.analysis)
	progress.Clear()
	if r == nil {
		return o.failed(ctx, err)
	}
	if o.owners > 0 && ctx.Err() == nil {
		o.own(ctx, subject, r)
	}
	if printErr := cmp.Or(shown.err, o.print(r, nil)); printErr != nil {
		return printErr
	}
	return o.conclude(ctx, r, subject, err)
}

// watched reports whether somebody waits for a table at a terminal.
func (o *options) watched() bool {
	return !o.io.Quiet && o.io.OutIsTerminal() && o.io.ErrIsTerminal() && (o.format == render.Table || o.format == render.Wide)
}

// print writes the report to stdout, with what has grown since an earlier one, which
// may be nil.
func (o *options) print(r, before *report.Report) error {
	return render.Write(o.io.Out, o.format, r, render.Options{
		Width: o.io.Width(), Top: o.top, Sort: o.sort, NoHeaders: o.noHeaders, Sections: o.sections(), Before: before,
	})
}

// sections are what follows a table: what was asked for, and for people the most
// urgent advice.
func (o *options) sections() render.Sections {
	if o.quiet || o.noHeaders {
		return render.Owners
	}
	return render.Brief | render.Owners
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
func (o *options) conclude(ctx context.Context, r *report.Report, s *subject, err error) error {
	used := s.used()
	if !o.quiet {
		summarize(o.io.Err, r, used)
		for _, n := range s.notes {
			fmt.Fprintf(o.io.Err, "note: %s\n", streams.SanitizeLine(n))
		}
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
	case err != nil && len(c.Missing) > 0: // nobody knows how many keys those have
		return cli.WithCode(fmt.Errorf("the report is partial: %w", err), cli.ExitPartial)
	case err != nil:
		return cli.WithCode(fmt.Errorf("the report is about %s of the keys: %w", percent(c.Share()), err), cli.ExitPartial)
	case c.Unreadable > 0:
		fmt.Fprintf(o.io.Err, "warning: the server told no size of %d keys (%s); they are not in the report\n", c.Unreadable, refusals(c.Refusals))
		return cli.Exit(cli.ExitPartial)
	case ctx.Err() != nil: // who uses the keys was still looked at
		fmt.Fprintln(o.io.Err, "interrupted: the report itself is complete")
		return cli.Exit(cli.ExitInterrupted)
	}
	return nil
}

// warnOfEmptyPins: who leaves out the star means a prefix all the same, and a key is
// in one group only.
func (o *options) warnOfEmptyPins(r *report.Report) {
	for i, g := range r.Groups {
		covers := func(earlier report.Group) bool { return pattern.NewGlob(earlier.Pattern).Match([]byte(g.Pattern)) }
		if at := slices.IndexFunc(r.Groups[:i], covers); g.Pinned && g.Keys == 0 && at >= 0 {
			fmt.Fprintf(o.io.Err, "note: the keys of --group %s are in that of %s: each counts for the first that matches\n",
				kube.Quote(streams.SanitizeLine(g.Pattern)), kube.Quote(streams.SanitizeLine(r.Groups[at].Pattern)))
			continue
		}
		if g.Pinned && g.Keys == 0 && !strings.ContainsAny(g.Pattern, "*?[") {
			name := streams.SanitizeLine(g.Pattern)
			fmt.Fprintf(o.io.Err, "warning: no key is named exactly \"%s\"\nhint: for all keys that begin so: --group %s\n", name, kube.Quote(name+"*"))
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
