// Package collect runs a registry's own garbage collection so that nothing is lost by
// it: the server is made read only, and proven to be so; what the collection is about
// to delete is compared with what this program knows to be needed; and the server is
// put back as it was, whatever happens in between.
//
// What a run changes is in an annotation of the workload, from the same request on
// that changes it. So a run that is killed can be undone by anybody, with Recover, and
// two runs cannot get into each other's way.
//
// It refuses to restart a registry that would lose its content by that, to collect
// while anybody can push, for which it ends a collection that is under way, to let anything be deleted that it was told is reachable, and
// to delete manifests: that is for the API to do before. It never uses the collection's
// -m, which version 2 takes children of indexes away with.
package collect

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// Door is a client of the registry's API at one pod; registry.Client is one.
type Door interface {
	// Writable reports whether an upload can begin, and cancels it.
	Writable(ctx context.Context, repository string) (bool, error)
	// StatBlob fails with registry.ErrNotFound if there is no such blob.
	StatBlob(ctx context.Context, repository, digest string) (int64, error)
}

// Access is the way to the registry's pods.
type Access interface {
	// Runner runs commands in the registry's container.
	Runner(pod Pod) disk.Runner
	// Door asks this very pod, and no other that a Service may choose. The function
	// closes it.
	Door(ctx context.Context, pod Pod) (Door, func(), error)
}

// Reachable are the digests of all blobs that are needed, manifests among them, and
// the repositories that need them.
type Reachable map[string][]string

// Options say what to collect, and how. Workload, Access and Reachable are required.
type Options struct {
	Workload Workload
	Access   Access
	// Reachable reads the registry again. It is asked when nobody can push any more.
	Reachable func(ctx context.Context) (Reachable, error)

	Config     string          // the server's configuration file; "" for the one that it runs with
	Repository string          // for attempts to push; it must exist; "" for any one
	Who        string          // who runs this, for others who find the registry locked
	Allow      map[string]bool // findings to ignore, by their ID
	Recover    string          // the command that undoes a killed run, for hints

	Answer  time.Duration // limit for the answer to the request that locks, 1 min by default
	Collect time.Duration // limit for all that happens while the registry is read only, 2 h by default
	Rollout time.Duration // limit for each restart, 5 min by default
	Restore time.Duration // limit for putting everything back, 5 min by default
	Again   time.Duration // between three attempts at that, 2 s by default
	Watch   time.Duration // between two looks whether it is still read only, 1 s by default

	Progress func(Event) // may be nil
}

// Event is progress.
type Event struct {
	Step Step
	Text string // for people
}

// Report says what was done. It is as complete as the run got.
type Report struct {
	Run       string
	Findings  []Finding // of the look before; none of them stopped the run
	Quiesced  time.Duration
	Swept     []string // digests that are gone, sorted
	Freed     int64    // bytes: the files before, less the files after
	Expected  int64    // bytes that the dry run promised
	Links     int      // layer links that went with them, in version 3
	Unknown   []string // digests that were to go although no file of them was listed
	FreeBytes [2]int64 // of the file system, before and after; -1 if unknown
	Probed    int      // swept blobs that the server was asked for afterwards
	Stale     []string // those of them that it still claims to have
	Nothing   bool     // there was no garbage; nothing was restarted
	Preview   bool     // nothing was to be changed; Expected and Links are forecasts
	Garbage   []string // digests that a preview found, sorted
}

// run is a collection under way.
type run struct {
	Options
	report *Report
	state  Quiesce
	config *disk.Config
	pods   []Pod
	before *disk.Listing // once quiesced
	took   bool          // the workload was locked, or may have been
	// unseen is the audit of a collection whose pod was gone before its files were read.
	unseen func(context.Context) error
}

func newRun(o Options) *run {
	for limit, usual := range map[*time.Duration]time.Duration{&o.Collect: 2 * time.Hour, &o.Rollout: 5 * time.Minute, &o.Restore: 5 * time.Minute, &o.Answer: time.Minute, &o.Again: 2 * time.Second, &o.Watch: time.Second} {
		if *limit <= 0 {
			*limit = usual
		}
	}
	if o.Progress == nil {
		o.Progress = func(Event) {}
	}
	r := &run{Options: o, report: &Report{Run: rand.Text(), FreeBytes: [2]int64{-1, -1}}}
	r.state = Quiesce{Run: r.report.Run, Who: o.Who}
	return r
}

func (r *run) say(step Step, text string) { r.Progress(Event{step, text}) }
