//go:build unix

// Command podconn measures connections of package podconn beside kubectl
// port-forward, in one run against one server, and prints a table in Markdown.
//
// The load is a Redis: one command and its answer for latency, one large value for
// throughput. Without flags the server is a local redis-server behind kubetest,
// which is made of the real handlers and runs in a process of its own:
//
//	go run ./hack/bench/podconn
//	go run ./hack/bench/podconn -kubeconfig FILE -target pod/redis-0:6379 -n prod
//
// What is compared with is kubectl's own port-forward code from client-go, run in
// this process behind a local listener, and the kubectl binary if -kubectl names
// one.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"
)

type options struct {
	kubeconfig, namespace, target, kubectl string

	rounds, gets int
	bulk         int
}

func main() {
	log.SetFlags(0)
	if len(os.Args) > 1 && os.Args[1] == serveCommand {
		if err := serve(os.Args[2], os.Args[3]); err != nil {
			log.Fatal(err)
		}
		return
	}
	var o options
	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "measure in this cluster instead of kubetest")
	flag.StringVar(&o.namespace, "n", "default", "namespace of the target")
	flag.StringVar(&o.target, "target", "pod/redis-0:6379", "a Redis without password: pod/NAME:PORT")
	flag.StringVar(&o.kubectl, "kubectl", "", "measure this kubectl binary, too")
	flag.IntVar(&o.rounds, "rounds", 7, "rounds, in each of which everything is measured once")
	flag.IntVar(&o.gets, "gets", 500, "GET round trips per round")
	flag.IntVar(&o.bulk, "bulk", 128, "MiB in one direction per round")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal("error: ", err)
	}
}

func run(ctx context.Context, o options) error {
	where := "cluster of " + o.kubeconfig
	if o.kubeconfig == "" {
		local, err := startLocal(ctx)
		if err != nil {
			return err
		}
		defer local.stop()
		o.kubeconfig, where = local.kubeconfig, "kubetest on loopback"
	}
	ways, stop, err := contenders(ctx, o)
	if err != nil {
		return err
	}
	defer stop()
	if err := prepare(ctx, ways[0], o); err != nil {
		return err
	}
	results := make([]result, len(ways))
	for round := range o.rounds {
		for i := range ways {
			// Each round starts with another one: what heats up or
			// collects garbage hits all alike.
			k := (i + round) % len(ways)
			log.Printf("round %d of %d: %s", round+1, o.rounds, ways[k].name)
			if err := measure(ctx, ways[k], o, &results[k]); err != nil {
				return fmt.Errorf("measuring %s: %w", ways[k].name, err)
			}
		}
	}
	fmt.Printf("%s, %s, %d rounds, %d GETs and %d MiB each way per round, %d CPUs, %s\n\n",
		time.Now().UTC().Format(time.DateOnly), where, o.rounds, o.gets, o.bulk, runtime.NumCPU(), runtime.Version())
	printTable(ways, results)
	return nil
}

func printTable(ways []contender, results []result) {
	fmt.Println("| connection | connect + first answer | GET p50 | GET p99 | download | upload | 8 in parallel | CPU down | CPU up |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
	for i, w := range ways {
		r, b := &results[i], (*result)(nil)
		if w.against >= 0 {
			b = &results[w.against]
		}
		cells := []string{w.name}
		for _, column := range []struct {
			of     func(*result) float64
			format func(float64) string
			inside bool // known only for what runs in this process
		}{
			{func(r *result) float64 { return median(r.connect) }, latency, false},
			{func(r *result) float64 { return median(r.get) }, latency, false},
			{func(r *result) float64 { return percentile(r.get, 0.99) }, latency, false},
			{func(r *result) float64 { return median(r.down) }, speed, false},
			{func(r *result) float64 { return median(r.up) }, speed, false},
			{func(r *result) float64 { return median(r.parallel) }, speed, false},
			{func(r *result) float64 { return median(r.downCPU) }, perGiB, true},
			{func(r *result) float64 { return median(r.upCPU) }, perGiB, true},
		} {
			if column.inside && w.outside {
				cells = append(cells, "")
				continue
			}
			cell := column.format(column.of(r))
			if b != nil {
				cell += fmt.Sprintf(" (%.2f×)", column.of(r)/column.of(b))
			}
			cells = append(cells, cell)
		}
		fmt.Println("| " + strings.Join(cells, " | ") + " |")
	}
	fmt.Println("\nMedians. In brackets: this value divided by that of client-go's port-forward over the same protocol.")
	fmt.Print("Ready for the first connection after:")
	for _, w := range ways {
		if w.start > 0 {
			fmt.Printf(" %s %s;", w.name, latency(w.start.Seconds()))
		}
	}
	fmt.Println(" podconn at once.")
}

func latency(seconds float64) string { return fmt.Sprintf("%.2f ms", seconds*1e3) }
func speed(perSecond float64) string { return fmt.Sprintf("%.0f MiB/s", perSecond/(1<<20)) }
func perGiB(seconds float64) string  { return fmt.Sprintf("%.2f s/GiB", seconds) }
