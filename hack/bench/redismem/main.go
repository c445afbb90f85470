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
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal("error: ", err)
	}
}

func run(ctx context.Context, o options) error {
	if _, err := exec.LookPath("redis-cli"); err != nil {
		return errors.New("redis-cli not found: install the Debian package redis-tools")
	}
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
	return measure(ctx, o, pod, truth)
}

func measure(ctx context.Context, o options, pod *cluster, truth answer) error {
	fmt.Printf("%d keys (strings, hashes, lists, sets, sorted sets), %d bytes by a sum over MEMORY USAGE\n\n", truth.Keys, truth.Bytes)
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

// measure runs ours twice before theirs and once after, because a machine that is
// shared slows down and speeds up, and takes the middle one.
func (l link) measure(ctx context.Context, o options, truth answer) error {
	var ours []result
	var theirs result
	for i := range 3 {
		if i == 2 && !l.skipCLI {
			var err error
			if theirs, err = memkeys(ctx, l.addr, truth); err != nil {
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
