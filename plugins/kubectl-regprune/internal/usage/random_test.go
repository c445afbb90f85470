package usage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

func digest(n int) string { return fmt.Sprintf("sha256:%064x", n) }

func oneOf[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// randomRegistry has whatever a registry can have, small enough for brute force.
func randomRegistry(rng *rand.Rand) *graph.Registry {
	g := &graph.Registry{Manifests: map[string]*graph.Manifest{}, Blobs: map[string]*graph.Blob{}}
	var blobs []*graph.Blob
	for i := range 1 + rng.IntN(12) {
		b := &graph.Blob{Digest: digest(1000 + i), Size: int64(rng.IntN(1000)), Foreign: rng.IntN(20) == 0}
		if rng.IntN(25) == 0 {
			b.Size = -1
		}
		g.Blobs[b.Digest] = b
		blobs = append(blobs, b)
	}
	var all []string
	for i := range 1 + rng.IntN(14) {
		m := &graph.Manifest{Digest: digest(i), Size: int64(100 + i)}
		if len(all) > 0 && rng.IntN(4) == 0 {
			m.Subject = oneOf(rng, all)
		}
		if len(all) > 0 && rng.IntN(3) == 0 {
			for range 1 + rng.IntN(3) {
				m.Children = append(m.Children, oneOf(rng, all))
			}
		} else {
			m.Config = oneOf(rng, blobs)
			for range rng.IntN(4) {
				m.Layers = append(m.Layers, oneOf(rng, blobs))
			}
		}
		if rng.IntN(30) == 0 {
			m.Broken, m.Config, m.Layers, m.Children = "cut short", nil, nil, nil
		}
		if rng.IntN(30) != 0 {
			g.Manifests[m.Digest] = m
		}
		all = append(all, m.Digest)
	}
	for i := range 1 + rng.IntN(4) {
		g.Repositories = append(g.Repositories, randomRepository(rng, fmt.Sprintf("repo%d", i), all))
	}
	if rng.IntN(2) == 0 {
		g.Stored = map[string]int64{digest(5000): 777}
		for d, m := range g.Manifests {
			g.Stored[d] = m.Size
		}
		for _, b := range blobs {
			if b.Size >= 0 && rng.IntN(10) != 0 {
				g.Stored[b.Digest] = b.Size + int64(rng.IntN(2))
			}
		}
	}
	return g
}

func randomRepository(rng *rand.Rand, name string, all []string) *graph.Repository {
	r := &graph.Repository{Name: name, Complete: rng.IntN(4) != 0}
	for _, d := range all {
		if rng.IntN(3) != 0 {
			r.Linked = append(r.Linked, d)
		}
	}
	slices.Sort(r.Linked)
	for i := range rng.IntN(8) {
		t := graph.Tag{Name: fmt.Sprintf("v%d", i)}
		if len(r.Linked) > 0 && rng.IntN(10) != 0 {
			t.Digest = oneOf(rng, r.Linked)
		}
		if rng.IntN(4) == 0 {
			t.Name = strings.Replace(oneOf(rng, all), ":", "-", 1) + ".sig"
		}
		if r.Tag(t.Name) == nil {
			r.Tags = append(r.Tags, t)
		}
	}
	slices.SortFunc(r.Tags, func(a, b graph.Tag) int { return strings.Compare(a.Name, b.Name) })
	return r
}
