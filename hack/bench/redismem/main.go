// Command redismem measures kubectl redismem beside redis-cli --memkeys, which is
// what people use today, in one run on the same data and the same link, and
// prints a table in Markdown.
//
//	TESTBED_KUBECONFIG=FILE go run ./hack/bench/redismem   # a real pod, through the API server and directly
//	go run ./hack/bench/redismem -addr HOST:PORT           # an empty Redis, directly
//	go run ./hack/bench/redismem                           # a redis-server of its own, directly
//
// With a cluster it makes a namespace with one Redis, fills it, measures
// through the API server (kubectl port-forward for redis-cli) and directly, and
// deletes the namespace. Before it believes a time it checks the answer: as many
// keys as DBSIZE, and the bytes that a brute-force sum over MEMORY USAGE gives.
//
// Linux only: peak memory is read from /proc.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/redisconn/redistest"
)

type options struct {
	keys                             int
	kubeconfig, image, addr, kubectl string
	plugin                           string
	skipSlow                         bool
	redisCLI                         string
	counts                           bool // redisCLI has --count
	farKeys, big                     int
	impact                           bool
}

func main() {
	log.SetFlags(0)
	var o options
	flag.IntVar(&o.keys, "keys", 1_000_000, "keys to fill in")
	flag.StringVar(&o.kubeconfig, "kubeconfig", os.Getenv("TESTBED_KUBECONFIG"), "measure in this cluster")
	flag.StringVar(&o.image, "image", "testbed.local/redis:7", "image with redis-server, for the pod in the cluster")
	flag.StringVar(&o.addr, "addr", "", "an empty Redis to use instead of one of our own")
	flag.StringVar(&o.kubectl, "kubectl", "", "the kubectl whose port-forward redis-cli goes through (default: the pinned one)")
	flag.BoolVar(&o.skipSlow, "skip-slow", false, "leave redis-cli through port-forward out: it takes minutes")
	flag.StringVar(&o.redisCLI, "redis-cli", "redis-cli", "the redis-cli to compare with; from 7.2 on its best --count is measured, too")
	flag.IntVar(&o.farKeys, "far-keys", 2000, "keys to measure with 20 ms of round trip added; 0: leave that out")
	flag.IntVar(&o.big, "big", 0, "keys of one more server of our own, such as 10000000")
	flag.BoolVar(&o.impact, "impact", true, "measure the latency of the server's other users meanwhile")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal("error: ", err)
	}
}

func run(ctx context.Context, o options) error {
	if _, err := exec.LookPath(o.redisCLI); err != nil {
		return errors.New("redis-cli not found: install the Debian package redis-tools")
	}
	help, _ := exec.CommandContext(ctx, o.redisCLI, "--help").CombinedOutput() // some versions exit with 1
	o.counts = strings.Contains(string(help), "--count")
	dir, err := os.MkdirTemp("", "bench-redismem-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.plugin = filepath.Join(dir, "kubectl-redismem")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", o.plugin, "./plugins/kubectl-redismem")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as released; with cgo it maps 40 MB more
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building kubectl-redismem: %w\n%s", err, out)
	}
	var pod *cluster
	switch {
	case o.kubeconfig != "" && o.addr == "":
		if o.kubectl == "" {
			if o.kubectl, err = pinnedKubectl(ctx); err != nil {
				return err
			}
		}
		if pod, err = startPod(ctx, o); err != nil {
			return err
		}
		defer pod.stop()
		o.addr = pod.addr
	case o.addr == "":
		server, err := redistest.Run(dir)
		if err != nil {
			return err
		}
		defer server.Stop()
		o.addr = server.Addr
	}
	truth, err := fill(ctx, o.addr, o.keys)
	if err != nil {
		return err
	}
	if err := measure(ctx, o, pod, truth); err != nil {
		return err
	}
	if err := burden(ctx, o, o.addr, truth); err != nil {
		return err
	}
	if o.impact {
		if err := impact(ctx, o, o.addr, truth); err != nil {
			return err
		}
	}
	if o.farKeys > 0 {
		if err := distant(ctx, o, dir, truth); err != nil {
			return err
		}
	}
	if o.big > 0 {
		return big(ctx, o)
	}
	return nil
}

// distant fills a server of its own for far.
func distant(ctx context.Context, o options, dir string, all answer) error {
	dir = filepath.Join(dir, "far")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	server, err := redistest.Run(dir)
	if err != nil {
		return err
	}
	defer server.Stop()
	truth, err := fill(ctx, server.Addr, o.farKeys)
	if err != nil {
		return err
	}
	return far(ctx, o, server.Addr, truth, all)
}

func measure(ctx context.Context, o options, pod *cluster, truth answer) error {
	fmt.Printf("%d keys (strings, hashes, lists, sets, sorted sets), %d bytes by a sum over MEMORY USAGE\n\n", truth.Keys, truth.Bytes)
	fmt.Printf("load average at the start: %s\n\n", loadAverage())
	fmt.Println("| link | command | seconds | keys/s | times faster | peak RSS |")
	fmt.Println("|---|---|---|---|---|---|")
	var links []link
	if pod != nil {
		links = append(links, link{"API server", []string{"--kubeconfig", o.kubeconfig, "-n", pod.namespace, "redis"}, pod.forwarded, o.skipSlow})
	}
	links = append(links, link{"direct", []string{"--addr", o.addr}, o.addr, false})
	for _, l := range links {
		if err := l.measure(ctx, o, truth); err != nil {
			return err
		}
	}
	return nil
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "not known"
	}
	return strings.Fields(string(text))[0]
}

// measure runs ours twice before theirs and once after, because a machine that is
// shared slows down and speeds up, and takes the middle one.
func (l link) measure(ctx context.Context, o options, truth answer) error {
	var ours []result
	var theirs result
	for i := range 3 {
		if i == 2 && !l.skipCLI {
			var err error
			if theirs, err = memkeys(ctx, o, l.addr, 0, truth); err != nil {
				return err
			}
		}
		r, err := redismem(ctx, o, l.args, truth)
		if err != nil {
			return err
		}
		ours = append(ours, r)
	}
	slices.SortFunc(ours, func(a, b result) int { return cmp.Compare(a.seconds, b.seconds) })
	ours[1].print(l.name, "kubectl redismem", theirs.seconds/ours[1].seconds)
	if !l.skipCLI {
		theirs.print(l.name, "redis-cli --memkeys"+l.note(), 0)
		return l.counts(ctx, o, ours[1], truth)
	}
	return nil
}

// counts prints the times of the other COUNTs that redis-cli offers.
func (l link) counts(ctx context.Context, o options, ours result, truth answer) error {
	if !o.counts {
		return nil
	}
	for _, count := range []int{100, 1000, 10_000} {
		r, err := memkeys(ctx, o, l.addr, count, truth)
		if err != nil {
			return err
		}
		r.print(l.name, fmt.Sprintf("redis-cli --memkeys --count %d%s (ours is %.1f times faster)", count, l.note(), r.seconds/ours.seconds), 0)
	}
	return nil
}

func pinnedKubectl(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "hack/programs/build", "kubernetes/kubectl")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("building kubectl: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// link is a way to the server, in the words of both commands.
type link struct {
	name    string
	args    []string // for redismem
	addr    string   // for redis-cli
	skipCLI bool
}

func (l link) note() string {
	if strings.HasPrefix(l.name, "API") {
		return " over kubectl port-forward"
	}
	return ""
}
