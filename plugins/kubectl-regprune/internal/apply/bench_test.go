package apply_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/apply"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

var benchTags = flag.Int("tags", 2000, "how many tags of one repository a benchmark deletes")

// BenchmarkDelete compares with a loop that sends nothing but deletions, and deletes
// whatever a tag leads to by now. Run it with -benchtime 1x.
func BenchmarkDelete(b *testing.B) {
	for _, v := range registrytest.Versions {
		for _, repos := range []int{1, 10} {
			ways := map[string]func(*testing.B, *registrytest.Server, *plan.Plan){
				"bare-digests-1": func(b *testing.B, s *registrytest.Server, p *plan.Plan) { bare(b, s, manifestsOf(p), 1) },
				"bare-digests-2": func(b *testing.B, s *registrytest.Server, p *plan.Plan) { bare(b, s, manifestsOf(p), 2) },
				"apply":          applied,
			}
			if v == registrytest.V3 {
				ways["bare-tags-first-2"] = func(b *testing.B, s *registrytest.Server, p *plan.Plan) {
					bare(b, s, tagsOf(p), 2)
					bare(b, s, manifestsOf(p), 2)
				}
				ways["apply-digests-only"] = func(b *testing.B, s *registrytest.Server, p *plan.Plan) {
					p.Registry.TagsOwn = false
					applied(b, s, p)
				}
			}
			for name, way := range ways {
				b.Run(fmt.Sprintf("%s/repos=%d/%s", v, repos, name), func(b *testing.B) {
					for range b.N {
						measure(b, v, repos, way)
					}
				})
			}
		}
	}
}

func measure(b *testing.B, v registrytest.Version, repos int, way func(*testing.B, *registrytest.Server, *plan.Plan)) {
	b.StopTimer()
	s := registrytest.Start(b, v, registrytest.Options{})
	w := newWorld(func(repo string, c *registrytest.Content, tags ...string) {
		if err := registrytest.Write(s.Root, repo, c, tags...); err != nil {
			b.Fatal(err)
		}
	})
	for i := range *benchTags {
		w.add(fmt.Sprint("repo", i%repos), registrytest.SeedImage(0, i), fmt.Sprint("old", i))
	}
	for i := range *benchTags / 20 {
		w.add(fmt.Sprint("repo", i%repos), registrytest.SeedImage(1, i), fmt.Sprint(i))
	}
	p := w.plan(v)
	start := time.Now()
	b.StartTimer()
	way(b, s, p)
	b.StopTimer()
	b.ReportMetric(float64(*benchTags)/time.Since(start).Seconds(), "images/s")
	s.Stop()
}

func tagsOf(p *plan.Plan) (paths []string) {
	for _, r := range p.Repos {
		for _, t := range r.Tags {
			if t.Action == plan.Delete {
				paths = append(paths, r.Name+"/manifests/"+t.Name)
			}
		}
	}
	return paths
}

func manifestsOf(p *plan.Plan) (paths []string) {
	for _, r := range p.Repos {
		for _, m := range r.Manifests {
			if m.Action == plan.Delete {
				paths = append(paths, r.Name+"/manifests/"+m.Digest)
			}
		}
	}
	return paths
}

func bare(b *testing.B, s *registrytest.Server, paths []string, workers int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	todo := make(chan string)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for path := range todo {
				req, err := http.NewRequestWithContext(context.Background(), http.MethodDelete, s.URL+"/v2/"+path, nil)
				if err != nil {
					b.Error(err)
					continue
				}
				resp, err := client.Do(req)
				if err != nil {
					b.Error(err)
					continue
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusAccepted {
					b.Error(path, resp.Status)
				}
			}
		})
	}
	for _, path := range paths {
		todo <- path
	}
	close(todo)
	wait.Wait()
}

func applied(b *testing.B, s *registrytest.Server, p *plan.Plan) {
	b.StopTimer()
	raw, err := encodePlan(p)
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	kept, err := backup.Write(b.Context(), s.Client(), raw, filepath.Join(b.TempDir(), "run"), backup.WriteOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(start).Seconds(), "backup-s")
	client := s.Client(func(o *registry.Options) { o.Conns = 8 })
	b.StartTimer()
	r, err := apply.Run(b.Context(), client, kept, apply.Options{})
	if err != nil || !r.Complete() {
		b.Fatal(r, err)
	}
	b.ReportMetric(float64(*benchTags)/r.Elapsed.Seconds(), "own-images/s")
}
