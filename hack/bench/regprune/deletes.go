package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// kept is how many tags stay of those that deletions are measured with: one in twenty.
const kept = 20

// deletion is a repository full of images, of which most are to go.
type deletion struct {
	server          *registrytest.Server
	gone            int
	tags, manifests []string // paths of what goes
}

func (b *bench) deletion(v registrytest.Version, gone int) (*deletion, error) {
	root := registrytest.Folder(b)
	if err := registrytest.Seed(root, registrytest.Spec{Repositories: 1, Tags: gone + gone/kept, Image: image}); err != nil {
		return nil, err
	}
	d := &deletion{gone: gone, server: registrytest.Start(b, v, registrytest.Options{Root: root})}
	for i := range gone {
		d.tags = append(d.tags, "seed/00000/manifests/"+strconv.Itoa(i+1))
		d.manifests = append(d.manifests, "seed/00000/manifests/"+image(0, i).Build().Digest)
	}
	return d, nil
}

// applied is what is checked of the result of an apply.
type applied struct {
	Tags      struct{ Planned, Deleted, Gone int }
	Manifests struct{ Planned, Deleted int }
	ElapsedNs time.Duration
}

// apply plans, and then does what the plan says. tagsOwn false: as if the server could
// not delete tags. The time is that of the deletions, with all that is asked between
// them; the inventory and the backup come before.
func (b *bench) apply(d *deletion, tagsOwn bool) (outcome, error) {
	dir := b.TempDir()
	file := filepath.Join(dir, "plan.json")
	rules := []string{"--keep-number", ">" + strconv.Itoa(d.gone), "--min-age", "0s", "--max-delete", "100%"}
	o, p, err := b.plan(dir, d.server.URL, d.gone+d.gone/kept, rules...)
	if err != nil {
		return o, err
	}
	if p.Totals.TagsDeleted != d.gone {
		return o, fmt.Errorf("%w: a plan to delete %d tags, not %d", errWrong, p.Totals.TagsDeleted, d.gone)
	}
	text := o.stdout
	if !tagsOwn {
		text = bytes.Replace(text, []byte(`"tagsOwn": true`), []byte(`"tagsOwn": false`), 1)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return o, err
	}
	o, err = b.regprune(dir, "apply", file, "--registry", d.server.URL, "--no-cluster", "-q", "--yes", "-o", "json")
	if err != nil {
		return o, err
	}
	var r applied
	if err := json.Unmarshal(o.stdout, &r); err != nil {
		return o, err
	}
	if r.Tags.Deleted+r.Tags.Gone != d.gone || r.Manifests.Deleted != d.gone {
		return o, fmt.Errorf("%w: %+v of %d", errWrong, r, d.gone)
	}
	o.wall = r.ElapsedNs
	return o, nil
}

// deletes compares deletions with a bare loop of them. Each contender has a store of its
// own, as nothing can be deleted twice.
func deletes(b *bench) error {
	fmt.Printf("\n## Deletions\n\nof one repository of which 1 tag in %d stays, median of %d rounds; load average %s\n\n", kept+1, b.o.rounds, loadAverage())
	fmt.Println("| server | images | way | seconds | images/s | of the bare loop | bar |\n|---|---|---|---|---|---|---|")
	return b.each(func(v registrytest.Version) error {
		n := b.o.deletes
		digestsOnly := func(d *deletion) (outcome, error) {
			return b.bare(d.server.URL, http.MethodDelete, http.StatusAccepted, 2, d.manifests)
		}
		if v == registrytest.V2 {
			n = b.o.slowDeletes
			both, err := b.rounds(b.fresh(v, n, digestsOnly), b.fresh(v, n, func(d *deletion) (outcome, error) { return b.apply(d, false) }))
			if err != nil {
				return err
			}
			row(v, n, "bare loop, digests", both[0], both[0], "")
			row(v, n, "regprune apply", both[1], both[0], "95 %")
			return nil
		}
		slow := *b
		slow.o.rounds = 1 // these read all tags for each deletion, too
		once, err := slow.rounds(b.fresh(v, n, digestsOnly), b.fresh(v, n, func(d *deletion) (outcome, error) { return b.apply(d, false) }))
		if err != nil {
			return err
		}
		row(v, n, "bare loop, digests (one round)", once[0], once[0], "")
		row(v, n, "regprune apply, as if tags could not be deleted (one round)", once[1], once[0], "95 %")
		all, err := b.rounds(b.fresh(v, n, func(d *deletion) (outcome, error) {
			return b.bare(d.server.URL, http.MethodDelete, http.StatusAccepted, b.o.conns, slices.Concat(d.tags, []string{""}, d.manifests))
		}), b.fresh(v, n, func(d *deletion) (outcome, error) { return b.apply(d, true) }))
		if err != nil {
			return err
		}
		row(v, n, "bare loop, tags first", all[0], all[0], "")
		row(v, n, "regprune apply, tags first", all[1], all[0], "95 %")
		times := once[1].wall.Seconds() / all[1].wall.Seconds()
		fmt.Printf("\ntags first is %.1f times as fast as digests only (bar: 5, %s)\n", times, verdict(times >= 5))
		return nil
	})
}

// fresh makes a contender of what is done to a store.
func (b *bench) fresh(v registrytest.Version, n int, do func(*deletion) (outcome, error)) func() (outcome, error) {
	return func() (outcome, error) {
		d, err := b.deletion(v, n)
		if err != nil {
			return outcome{}, err
		}
		defer d.server.Stop()
		return do(d)
	}
}

func row(v registrytest.Version, n int, way string, o, loop outcome, bar string) {
	ratio := loop.wall.Seconds() / o.wall.Seconds()
	if bar != "" {
		bar += ", " + verdict(ratio >= 0.95)
	}
	fmt.Printf("| %s | %d | %s | %.2f | %.0f | %.0f %% | %s |\n", v, n, way, o.wall.Seconds(), float64(n)/o.wall.Seconds(), 100*ratio, bar)
}
