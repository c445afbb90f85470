package registry_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// BenchmarkTags compares the client with a loop of net/http that does nothing but
// asking: what the client adds must be lost in what the server needs.
//
//	go test -run '^$' -bench Tags -benchtime 2000x ./pkg/registry
func BenchmarkTags(b *testing.B) {
	const tags, workers = 2000, 8
	root := registrytest.Folder(b)
	if err := registrytest.Seed(root, registrytest.Spec{Repositories: 1, Tags: tags}); err != nil {
		b.Fatal(err)
	}
	for _, v := range registrytest.Versions {
		s := registrytest.Start(b, v, registrytest.Options{Root: root})
		transport := &http.Transport{MaxIdleConnsPerHost: workers}
		b.Cleanup(transport.CloseIdleConnections)
		bare := func(method string) func(tag string) error {
			return func(tag string) error {
				req, err := http.NewRequestWithContext(b.Context(), method, s.URL+"/v2/seed/00000/manifests/"+tag, nil)
				if err != nil {
					return err
				}
				req.Header.Set("Accept", strings.Join(registry.MediaTypes, ", "))
				resp, err := transport.RoundTrip(req)
				if err != nil {
					return err
				}
				defer resp.Body.Close()
				_, err = io.Copy(io.Discard, resp.Body)
				return err
			}
		}
		c := s.Client()
		for name, ask := range map[string]func(tag string) error{
			"bare HEAD": bare(http.MethodHead),
			"HEAD":      func(tag string) error { _, err := c.Head(b.Context(), "seed/00000", tag); return err },
			"bare GET":  bare(http.MethodGet),
			"GET":       func(tag string) error { _, err := c.Manifest(b.Context(), "seed/00000", tag); return err },
		} {
			b.Run(string(v)+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				inParallel(b, workers, func(i int) error { return ask(strconv.Itoa(i%tags + 1)) })
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			})
		}
	}
}

// inParallel calls f with 0 to b.N-1, by some workers at once.
func inParallel(b *testing.B, workers int, f func(i int) error) {
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range workers {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				if err := f(i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
}

// BenchmarkHugeRepository lists 100,000 tags.
func BenchmarkHugeRepository(b *testing.B) {
	const tags = 100_000
	root := registrytest.Folder(b)
	if err := registrytest.Seed(root, registrytest.Spec{Repositories: 1, Tags: tags, Images: 1}); err != nil {
		b.Fatal(err)
	}
	for _, v := range registrytest.Versions {
		c := registrytest.Start(b, v, registrytest.Options{Root: root}).Client()
		b.Run(string(v), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := c.Tags(b.Context(), "seed/00000"); err != nil || len(got) != tags {
					b.Fatal(len(got), err)
				}
			}
		})
	}
}

// BenchmarkSeed says how fast stores are made.
func BenchmarkSeed(b *testing.B) {
	const tags = 2000
	for b.Loop() {
		if err := registrytest.Seed(registrytest.Folder(b), registrytest.Spec{Repositories: 1, Tags: tags}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*tags)/b.Elapsed().Seconds(), "tags/s")
}
