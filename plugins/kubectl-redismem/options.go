package main

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/kubectl-suite/kubectl-suite/pkg/cli"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/kube"
	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/analysis"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/pattern"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/render"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/report"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-redismem/internal/scan"
)

// options are the parsed command line: nothing below has to understand a text.
type options struct {
	io   *streams.IO
	kube *kube.Flags // untouched with addr
	set  *pflag.FlagSet

	addr      string       // "" unless the server is outside of a cluster
	ref       *resolve.Ref // nil: find one
	container string
	port      int

	username    string
	credentials []redisconn.Credential // empty: the pod's own
	tls         *tlsOptions            // nil: plain TCP

	from      redisconn.Preference
	analysis  analysis.Options
	format    string
	top       int
	sort      string
	noHeaders bool
	quiet     bool
	every     time.Duration // to watch; 0: one report
	owners    time.Duration // to look who uses which keys; 0: not at all
}

func (f *flags) options(args []string) (*options, error) {
	if err := f.check(args); err != nil {
		return nil, err
	}
	o := &options{
		io: f.io, kube: f.kube, set: f.set, addr: f.addr, container: f.container, port: f.port, username: f.username,
		format: f.output, noHeaders: f.noHd, quiet: f.quiet,
		analysis: analysis.Options{
			Pattern: pattern.Options{Separators: f.separators, Depth: f.depth, Pins: f.groups},
			DB:      f.db, Count: f.count, Chains: f.connections, Sampling: f.sample,
		},
		from: redisconn.Preference(f.from), top: f.top, sort: f.sort, every: f.watch, owners: f.owners,
	}
	o.io.Quiet = o.io.Quiet || f.quiet
	var err error
	if o.analysis.Limits.MaxCPU, err = maxCPU(f.maxCPU); err != nil {
		return nil, err
	}
	o.analysis.Limits.MaxLatency = f.maxLatency
	if o.analysis.Samples, err = samples(f.samples); err != nil {
		return nil, err
	}
	if len(args) == 1 {
		ref, err := resolve.ParseRef(args[0])
		if err != nil {
			return nil, cli.WithCode(err, cli.ExitUsage)
		}
		o.ref = &ref
	}
	if f.set.Changed("addr") {
		if o.addr, err = address(o.addr); err != nil {
			return nil, err
		}
	}
	if o.tls, err = f.tls.options(); err != nil {
		return nil, err
	}
	o.credentials, err = f.password()
	return o, err
}

func (f *flags) check(args []string) error {
	switch {
	case len(args) > 1:
		return cli.Usagef("%d targets given, at most one is possible: %s", len(args), strings.Join(args, " "))
	case f.addr != "" && len(args) > 0:
		return cli.Usagef("--addr and %q exclude each other", args[0])
	case f.addr != "" && (f.container != "" || f.port != 0):
		return cli.Usagef("-c and --port belong to a pod and do not go with --addr")
	case strings.ContainsFunc(f.separators, func(r rune) bool { return r >= utf8.RuneSelf }):
		return cli.Usagef("--separators %q: only ASCII characters can separate", f.separators)
	case f.port < 0 || f.port > 65535:
		return cli.Usagef("--port %d is not a port: use 1 to 65535", f.port)
	case f.db < redisconn.AllDatabases:
		return cli.Usagef("--db %d is not a database number", f.db)
	case f.depth < 0 || f.top < 0:
		return cli.Usagef("--depth and --top cannot be negative")
	case f.count < 1 || f.count > maxCount:
		return cli.Usagef("--count %d is out of range: use 1 to %d", f.count, maxCount)
	case !slices.Contains([]int{1, 2, 4, 8}, f.connections):
		return cli.Usagef("--connections %d: use 1, 2, 4 or 8", f.connections)
	case f.set.Changed("watch") && f.watch < time.Second:
		return cli.Usagef("--watch=%s is too often: a scan is work for the server; use 1s or more", f.watch)
	case f.watch > 0 && !slices.Contains(watchable, f.output):
		return cli.Usagef("--watch goes with -o %s, not with %s", strings.Join(watchable, ", "), f.output)
	case f.set.Changed("owners") && (f.owners <= 0 || f.owners > longestWatch):
		return cli.Usagef("--owners=%s is out of range: use 1s to %s", f.owners, longestWatch)
	case f.owners > 0 && !slices.Contains(telling, f.output):
		return cli.Usagef("-o %s has no place for what --owners finds: use one of %s", f.output, join(telling))
	case f.owners > 0 && f.watch > 0:
		return cli.Usagef("--owners and --watch exclude each other: MONITOR costs the server")
	case f.maxLatency < 0:
		return cli.Usagef("--max-latency %s cannot be negative", f.maxLatency)
	case !slices.Contains(samplings, f.sample):
		return cli.Usagef("--sample %q: use one of %s", f.sample, join(samplings))
	case !slices.Contains(render.Formats, f.output):
		return cli.Usagef("unknown output format %q: use one of %s", f.output, join(render.Formats))
	case !slices.Contains(orders, f.sort):
		return cli.Usagef("unknown order %q: use one of %s", f.sort, join(orders))
	case slices.Contains(f.groups, ""):
		return cli.Usagef("--group needs a pattern, such as 'BOOK-*'")
	case f.from != string(redisconn.PreferReplica) && f.from != string(redisconn.PreferPrimary):
		return cli.Usagef("--from %q: use replica or primary", f.from)
	}
	return nil
}

// maxCPU understands --max-cpu: see pace.Limits.
func maxCPU(text string) (float64, error) {
	switch text {
	case "auto":
		return 0, nil
	case "none":
		return -1, nil
	}
	n, isPercent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(n, 64)
	if isPercent {
		share /= 100
	}
	if err != nil || !(share >= leastCPU && share <= 1) {
		return 0, cli.Usagef("--max-cpu %q: use a share of one CPU from 1%% to 100%%, auto, or none", text)
	}
	return share, nil
}

const leastCPU = 0.01 // a scan has to end

// watchable are the formats of which one can follow another.
var watchable = []string{render.Table, render.Wide, render.JSON}

// telling are the formats that say who uses keys.
var telling = []string{render.Table, render.Wide, render.JSON, render.YAML, render.Markdown, render.HTML}

var samplings = []string{analysis.Auto, report.Full, report.Sizes, report.Keys}

// samples understands --samples.
func samples(text string) (int, error) {
	switch n, err := strconv.Atoi(text); {
	case text == "default":
		return 0, nil
	case text == "all":
		return scan.AllElements, nil
	case err == nil && n > 0:
		return n, nil
	}
	return 0, cli.Usagef("--samples %q: use a number of elements, default, or all", text)
}

// orders are those of the groups, the default first.
var orders = []string{render.BySize, render.ByKeys, render.ByAvg, render.ByMax, render.ByName}

// maxCount is 20 times the default. A larger SCAN would block the server for
// tens of milliseconds and gains nothing.
const maxCount = 10_000

// address completes HOST to HOST:6379.
func address(addr string) (string, error) {
	const redisPort = "6379"
	wrong := cli.Usagef("--addr %q is not HOST:PORT", addr)
	if strings.Contains(addr, "/") {
		return "", hint.With(wrong, "for a pod or service, name it without --addr: kubectl redismem svc/redis")
	}
	if net.ParseIP(addr) != nil && strings.Contains(addr, ":") {
		return "", hint.With(wrong, "put an IPv6 address in brackets: --addr '["+addr+"]:"+redisPort+"'")
	}
	if addr != "" && !strings.Contains(addr, ":") {
		return net.JoinHostPort(addr, redisPort), nil
	}
	host, port, err := net.SplitHostPort(addr)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
		return "", wrong
	}
	return addr, nil
}
