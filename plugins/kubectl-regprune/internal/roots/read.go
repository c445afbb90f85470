package roots

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
)

// Read looks for images in every object of a cluster that can start one, in all
// namespaces. It fails closed: if a kind cannot be read, and the user has not allowed
// that, or if the image of a pod specification cannot be understood, there is no view
// but an error ([IncompleteError] for kinds). The view is of no single moment: what
// changes while it is read is seen before or after.
func Read(ctx context.Context, cluster Cluster, o Options) (*View, error) {
	o.PageSize, o.Parallel = cmp.Or(o.PageSize, 500), cmp.Or(o.Parallel, 8)
	var requests atomic.Int64
	client, d, err := connect(cluster, &requests)
	if err != nil {
		return nil, err
	}
	resources, failures, err := o.resources(ctx, d)
	if err != nil {
		return nil, err
	}
	view, all := &View{Contexts: []string{cluster.Context}}, newCollector(cluster.Context)
	read := reader{Options: o, context: cluster.Context, lists: &lister{client: client, pageSize: o.PageSize}}
	if o.Deep != nil {
		read.known = readContents(o.Deep)
	}
	for i, got := range fanout.Run(ctx, resources, fanout.Limits[resource]{Total: o.Parallel}, read.read) {
		r := resources[i]
		all.merge(got.references)
		if got.err != nil {
			failures = append(failures, failure{name: r.name(), also: []string{r.Resource, r.kind}, err: got.err})
			continue
		}
		view.Kinds = append(view.Kinds, Kind{r.name(), got.objects})
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("looking for images in use: %w", context.Cause(ctx))
	}
	if view.Missing, err = judge(cluster.Context, failures, o.AllowPartial); err != nil {
		return nil, err
	}
	view.References, view.Requests = all.references(), int(requests.Load())
	slices.SortFunc(view.Kinds, func(a, b Kind) int { return cmp.Compare(a.Name, b.Name) })
	if err := unparsable(view.References, o.Hosts); err != nil {
		return nil, err
	}
	return view, nil
}

// connect prepares two clients with one transport, whose requests are counted.
func connect(cluster Cluster, requests *atomic.Int64) (*rest.RESTClient, *discovery.DiscoveryClient, error) {
	cfg := configured(cluster.Config, requests)
	transport, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("preparing the connection to %q: %w", cfg.Host, err)
	}
	client, err := rest.UnversionedRESTClientForConfigAndClient(cfg, transport)
	if err != nil {
		return nil, nil, fmt.Errorf("preparing the connection to %q: %w", cfg.Host, err)
	}
	d, err := discovery.NewDiscoveryClientForConfigAndClient(cfg, transport)
	if err != nil {
		return nil, nil, fmt.Errorf("preparing the connection to %q: %w", cfg.Host, err)
	}
	return client, d, nil
}

// reader reads kinds of objects, several at once.
type reader struct {
	Options
	context string
	lists   *lister
	known   *contents // of the registry, for a deep scan
}

// reading is what the objects of one kind say. With an error it is not all.
type reading struct {
	references []Reference
	objects    int
	err        error
}

func (r *reader) read(ctx context.Context, of resource) reading {
	var s *scan
	begin := func() { s = newScan(r, of) }
	begin()
	err := r.lists.each(ctx, of, begin, func(object []byte) error { return s.visit(object) })
	if err == nil {
		err = s.problem
	}
	return reading{s.found.references(), s.objects, err}
}
