package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/owners"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
)

// longestWatch bounds --owners: MONITOR is work for the server all the while.
const longestWatch = 5 * time.Minute

// own watches who uses the groups of r, and puts that into r. It is worth less than
// the report: what goes wrong is a note.
func (o *options) own(ctx context.Context, s *subject, r *report.Report) {
	if !o.quiet {
		fmt.Fprintf(o.io.Err, "watching for %s who uses which keys\n", o.owners)
	}
	var notes []string
	name, note := o.workloads(ctx, s.Source.Namespace)
	if note != "" {
		notes = append(notes, note)
	}
	patterns := make([]string, len(r.Groups))
	for i, g := range r.Groups {
		patterns[i] = g.Pattern
	}
	seen := make([]*report.Owners, len(s.primaries))
	failed := make([]string, len(s.primaries))
	var wait sync.WaitGroup
	for i, e := range s.primaries {
		wait.Go(func() {
			var err error
			seen[i], err = owners.Watch(ctx, owners.Config{Endpoint: e, For: o.owners, DB: o.analysis.DB, Groups: patterns, Resolve: name})
			if err != nil && ctx.Err() == nil {
				failed[i] = fmt.Sprintf("%s was not watched: %s", e.Name, err)
			}
		})
	}
	wait.Wait()
	for _, why := range failed {
		if why != "" {
			notes = append(notes, why)
		}
	}
	if len(s.primaries) < len(s.Nodes) {
		notes = append(notes, fmt.Sprintf("%d of %d shards have no node to watch", len(s.Nodes)-len(s.primaries), len(s.Nodes)))
	}
	if ctx.Err() != nil {
		notes = append(notes, "the watching was interrupted")
	}
	if r.Owners = owners.Combine(seen); r.Owners == nil {
		r.Owners = &report.Owners{Groups: []report.Owner{}, Clients: []report.Client{}}
	}
	r.Owners.Notes = slices.Concat(r.Owners.Notes, notes)
}

// workloads returns what names the workload behind an IP, and a note on what it
// cannot name.
func (o *options) workloads(ctx context.Context, namespace string) (name func(ip string) (string, bool), note string) {
	if o.addr != "" {
		return nil, ""
	}
	client, err := o.kube.Client()
	if err != nil {
		return nil, streams.SanitizeLine(err.Error())
	}
	pods, err := resolve.Addresses(ctx, client, "")
	if apierrors.IsForbidden(err) {
		note = "pods of other namespaces cannot be listed: what comes from there is shown by its address"
		pods, err = resolve.Addresses(ctx, client, namespace)
	}
	if err != nil {
		note = "clients are shown by their addresses: " + streams.SanitizeLine(err.Error())
	}
	return func(ip string) (string, bool) {
		w, ok := pods[ip]
		switch a, err := netip.ParseAddr(ip); {
		case !ok && err == nil && a.IsLoopback():
			return "the server's own pod, or a port-forward", true
		case ok && w.Namespace != namespace:
			return w.Name + " in " + w.Namespace, true
		}
		return w.Name, ok
	}, note
}

// primary is the node of a shard that clients write to, or else the one that can be
// watched; nil if there is none.
func primary(s *redisconn.Shard) *redisconn.Endpoint {
	i, _ := s.Choose(redisconn.PreferPrimary)
	if i == nil {
		return nil
	}
	return i.Endpoint
}
