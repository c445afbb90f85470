// Command regprune measures kubectl regprune against its bars, beside the bare server
// and beside the script that people use today, in one run on the same stores, and
// prints tables in Markdown.
//
//	go run ./hack/bench/regprune
//	go run ./hack/bench/regprune -only inventory,script -versions 3.1 -rounds 5
//
// The registries are distribution 2.8 and 3.1, each a process of its own with the
// filesystem driver, filled anew. The bare server is a loop of net/http that sends the
// same requests over as many connections and throws the answers away: the most that
// any client gets out of it. Rounds of both take turns, and medians are compared. No
// time is believed before the answer is checked.
//
// Linux only: peak memory is read from /proc.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

type options struct {
	only, versions       string
	rounds, conns        int
	tags, large, big     int
	deletes, slowDeletes int
	scriptTags           int
	workloads, revisions int
	plugin               string
}

// sections are the parts of the measurement, in their order.
var sections = []struct {
	name string
	run  func(*bench) error
}{
	{"inventory", inventory},
	{"warm", warm},
	{"memory", memory},
	{"deletes", deletes},
	{"script", script},
	{"damage", damage},
	{"cluster", cluster},
}

func main() {
	log.SetFlags(0)
	if len(os.Args) > 1 && os.Args[1] == loopCommand {
		if err := loop(os.Args[2:]); err != nil {
			log.Fatal("error: ", err)
		}
		return
	}
	var o options
	flag.StringVar(&o.only, "only", "", "sections to run, separated by commas: inventory, warm, memory, deletes, script, damage, cluster (default: all)")
	flag.StringVar(&o.versions, "versions", "2.8,3.1", "versions of distribution to measure with")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of each contender, of which the median counts")
	flag.IntVar(&o.conns, "conns", 8, "connections of the plugin and of the bare loop")
	flag.IntVar(&o.tags, "tags", 5000, "tags to take the inventory of beside the bare loop")
	flag.IntVar(&o.large, "large", 10_000, "tags to take the inventory of once, with dates")
	flag.IntVar(&o.big, "big", 100_000, "tags to measure the memory with")
	flag.IntVar(&o.deletes, "deletes", 2000, "tags of one repository to delete from 3.1")
	flag.IntVar(&o.slowDeletes, "slow-deletes", 600, "the same from 2.8, which reads all tags for each deletion")
	flag.IntVar(&o.scriptTags, "script-tags", 2000, "tags that the script and the plugin are let loose on")
	flag.IntVar(&o.workloads, "workloads", 2000, "Deployments to look for images in")
	flag.IntVar(&o.revisions, "revisions", 5000, "ReplicaSets to look for images in")
	flag.StringVar(&o.plugin, "plugin", "", "the kubectl-regprune to measure (default: it is built)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal("error: ", err)
	}
}

// bench is what the sections share.
type bench struct {
	o   options
	dir string // for what is thrown away in the end
	*rig
}

func run(ctx context.Context, o options) error {
	for _, program := range []struct{ name, debian string }{{"docker-registry", "docker-registry"}, {"bash", "bash"}, {"curl", "curl"}} {
		if _, err := exec.LookPath(program.name); err != nil {
			return fmt.Errorf("%s not found: install the Debian package %s", program.name, program.debian)
		}
	}
	dir, err := os.MkdirTemp("", "bench-regprune-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.plugin == "" {
		o.plugin = filepath.Join(dir, "kubectl-regprune")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", o.plugin, "./plugins/kubectl-regprune")
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // as released
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building kubectl-regprune: %w\n%s", err, out)
		}
	}
	for _, s := range sections {
		if o.only != "" && !strings.Contains(","+o.only+",", ","+s.name+",") {
			continue
		}
		b := &bench{o: o, dir: dir, rig: &rig{ctx: ctx}}
		if err := b.do(func() error { return s.run(b) }); err != nil {
			return fmt.Errorf("measuring %q: %w", s.name, err)
		}
	}
	return nil
}

// each calls f for every version to measure with.
func (b *bench) each(f func(registrytest.Version) error) error {
	for _, v := range registrytest.Versions {
		if !strings.Contains(","+b.o.versions+",", ","+string(v)+",") {
			continue
		}
		if err := f(v); err != nil {
			return fmt.Errorf("distribution %s: %w", v, err)
		}
	}
	return b.ctx.Err()
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}

var errWrong = errors.New("the answer is wrong")
