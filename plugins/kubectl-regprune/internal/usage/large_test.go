package usage

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// largeRegistry has tags of ten layers each, of which a few are shared.
func largeRegistry(tags int) *graph.Registry {
	g := &graph.Registry{Manifests: map[string]*graph.Manifest{}, Blobs: map[string]*graph.Blob{}}
	blob := func(n int, size int64) *graph.Blob {
		b := g.Blobs[digest(n)]
		if b == nil {
			b = &graph.Blob{Digest: digest(n), Size: size}
			g.Blobs[b.Digest] = b
		}
		return b
	}
	const each = 500
	for i := range tags {
		if i%each == 0 {
			g.Repositories = append(g.Repositories, &graph.Repository{Name: fmt.Sprintf("team/app%04d", i/each), Complete: true})
		}
		r := g.Repositories[i/each]
		m := &graph.Manifest{Digest: digest(1<<40 + i), Size: 1500, Config: blob(1<<41+i, 5000)}
		for k := range 10 {
			switch {
			case k < 3:
				m.Layers = append(m.Layers, blob(k+1, 30<<20)) // of all
			case k < 6:
				m.Layers = append(m.Layers, blob(i/each*10+k+100, 5<<20)) // of the repository
			default:
				m.Layers = append(m.Layers, blob(1<<42+i*10+k, 1<<20))
			}
		}
		g.Manifests[m.Digest] = m
		r.Linked = append(r.Linked, m.Digest)
		r.Tags = append(r.Tags, graph.Tag{Name: fmt.Sprintf("v%07d", i), Digest: m.Digest})
	}
	return g
}

func TestManyTags(t *testing.T) {
	const tags = 100_000
	g := largeRegistry(tags)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	u := Of(g, "test")
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	t.Logf("%d tags of 10 layers: %v, %d MiB allocated, %d MiB of heap besides the graph", tags, took.Round(time.Millisecond),
		(after.TotalAlloc-before.TotalAlloc)>>20, (after.HeapAlloc-before.HeapAlloc)>>20)
	if got, want := u.Totals.SharedBytes, int64(3*30<<20); got != want {
		t.Errorf("shared by all: %d, want %d", got, want)
	}
	if got, want := u.Repositories[0].WithinBytes, int64(3*5<<20); got != want {
		t.Errorf("shared within a repository: %d, want %d", got, want)
	}
	if got, want := u.Repositories[3].Images[7].ExclusiveBytes, int64(4<<20+5000+1500); got != want {
		t.Errorf("an image's own bytes: %d, want %d", got, want)
	}
	if took > 50*time.Second { // less than two, where nothing else runs
		t.Errorf("it took %v", took)
	}
	if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 400 {
		t.Errorf("%d MiB were allocated", mib)
	}
}
