package inventory

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// TestProtectByOtherRepository: what an image's config says is found as long as one
// repository gives it. If an error keeps all from it, none of them is known well enough
// to delete from.
func TestProtectByOtherRepository(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		for name, tc := range map[string]struct {
			missing, failing []string // in these repositories
			protected        bool
			failed           string // the repositories
		}{
			"missing":                {missing: []string{"a/prod"}, protected: true},
			"failing":                {failing: []string{"a/prod"}, protected: true},
			"only the last":          {missing: []string{"a/prod"}, failing: []string{"b/dev", "c/dev"}, protected: true},
			"too many failures":      {failing: []string{"a/prod", "b/dev", "c/dev"}, failed: "a/prod b/dev c/dev d/dev"},
			"none, because of one":   {missing: []string{"a/prod", "c/dev", "d/dev"}, failing: []string{"b/dev"}, failed: "a/prod b/dev c/dev d/dev"},
			"none, the first failed": {missing: []string{"b/dev", "c/dev", "d/dev"}, failing: []string{"a/prod"}, failed: "a/prod b/dev c/dev d/dev"},
			"none has it":            {missing: []string{"a/prod", "b/dev", "c/dev", "d/dev"}},
		} {
			t.Run(name, func(t *testing.T) {
				s := registrytest.Start(t, v, registrytest.Options{NoCache: true})
				protected := image("protected")
				protected.Labels = map[string]string{ProtectKey: "true"}
				c := protected.Build()
				content, err := c.Parse()
				if err != nil {
					t.Fatal(err)
				}
				for _, repo := range []string{"a/prod", "b/dev", "c/dev", "d/dev"} {
					s.Push(repo, c, "1")
				}
				s.Push("other", image("other"), "1")
				for _, repo := range tc.missing {
					if err := os.RemoveAll(s.Folder("repositories", repo, "_layers/sha256", strings.TrimPrefix(content.Config.Digest, "sha256:"))); err != nil {
						t.Fatal(err)
					}
				}
				proxy := registrytest.Faulty(t, s)
				for _, repo := range tc.failing {
					proxy.Add(registrytest.Rule{Method: "GET", Path: repo + "/blobs/" + content.Config.Digest, Times: -1, Do: registrytest.Status(500, "")})
				}
				client := proxy.Client(func(o *registry.Options) { o.Retry.Wait = time.Millisecond })
				check := func(how string, g *graph.Registry) {
					t.Helper()
					m := g.Manifests[c.Digest]
					if (m.Protect == "true") != tc.protected || m.Created.IsZero() == tc.protected {
						t.Errorf("%s: protected by %q, created %s", how, m.Protect, m.Created)
					}
					var failed []string
					for _, r := range g.Repositories {
						if r.Failed != "" {
							failed = append(failed, r.Name)
						}
					}
					if got := strings.Join(failed, " "); got != tc.failed {
						t.Errorf("%s: %q failed, want %q", how, got, tc.failed)
					}
				}
				check("read", read(t, client, Options{Dates: always}))
				g := read(t, client, Options{})
				if err := Learn(t.Context(), client, g, []graph.Ref{{Repository: "a/prod", Digest: c.Digest}}, Options{}); err != nil {
					t.Fatal(err)
				}
				check("learned", g)
			})
		}
	})
}
