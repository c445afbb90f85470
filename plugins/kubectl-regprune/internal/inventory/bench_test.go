package inventory

import (
	"path/filepath"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// BenchmarkRead reads a store of 2,000 tags, without and with dates. The server is another
// process, so that a profile shows what the reading itself costs:
//
//	go test -run '^$' -bench Read/3.1 -benchtime 10x -cpuprofile cpu.out ./plugins/kubectl-regprune/internal/inventory
func BenchmarkRead(b *testing.B) {
	const repositories, tags = 10, 200
	root := registrytest.Folder(b)
	if err := registrytest.Seed(root, registrytest.Spec{Repositories: repositories, Tags: tags}); err != nil {
		b.Fatal(err)
	}
	for _, v := range registrytest.Versions {
		s := registrytest.Start(b, v, registrytest.Options{Root: root})
		for name, dates := range map[string]func(*graph.Repository) bool{"manifests": nil, "configs": always} {
			b.Run(string(v)+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				client := s.Client()
				for b.Loop() {
					cache, err := OpenCache(filepath.Join(b.TempDir(), "cache"))
					if err != nil {
						b.Fatal(err)
					}
					g, err := Read(b.Context(), client, Options{Dates: dates, Cache: cache})
					if err != nil || len(g.Manifests) != repositories*tags {
						b.Fatal(len(g.Manifests), err)
					}
				}
			})
		}
	}
}
