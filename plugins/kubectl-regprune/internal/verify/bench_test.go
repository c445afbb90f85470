package verify_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/verify"
)

// trusting takes the server's word for blobs.
type trusting struct{ *registry.Client }

func (c trusting) ReadableBlob(ctx context.Context, repo, digest string, _ int64) (int64, error) {
	return c.StatBlob(ctx, repo, digest)
}

// BenchmarkKept says what it costs to read a byte of every blob instead of taking the
// server's word, which it gives from memory once it has been asked for all of it.
//
//	go test -run '^$' -bench Kept -benchtime 5x ./plugins/kubectl-regprune/internal/verify
func BenchmarkKept(b *testing.B) {
	const tags, layers = 100, 5
	root := registrytest.Folder(b)
	err := registrytest.Seed(root, registrytest.Spec{Repositories: 1, Tags: tags, Name: func(int) string { return "app" },
		Image: func(_, image int) registrytest.Builder {
			i := registrytest.SeedImage(0, image)
			for l := range layers - 1 {
				i.Layers = append(i.Layers, registrytest.Layer(fmt.Sprint(image, l), 4096))
			}
			return i
		}})
	if err != nil {
		b.Fatal(err)
	}
	var list []plan.Tag
	for i := range tags {
		list = append(list, plan.Tag{Name: fmt.Sprint(i + 1)})
	}
	p := keeping(list...)
	for _, v := range registrytest.Versions {
		c := registrytest.Start(b, v, registrytest.Options{Root: root}).Client()
		for _, how := range []struct {
			name   string
			client verify.Client
		}{{"first", c}, {"word", trusting{c}}, {"byte", c}} {
			b.Run(string(v)+"/"+how.name, func(b *testing.B) {
				blobs := 0
				for b.Loop() {
					r, err := verify.Kept(b.Context(), how.client, p, verify.Options{})
					if err != nil || len(r.Broken) > 0 {
						b.Fatalf("%+v, %v", r, err)
					}
					blobs = r.Blobs
				}
				b.ReportMetric(float64(blobs*b.N)/b.Elapsed().Seconds(), "blobs/s")
			})
		}
	}
}
