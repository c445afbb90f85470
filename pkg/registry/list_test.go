package registry_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

func repositories(t *testing.T, c *registry.Client, size int) ([]string, error) {
	t.Helper()
	var all []string
	for name, err := range c.Repositories(t.Context(), size) {
		if err != nil {
			return all, err
		}
		all = append(all, name)
	}
	return all, nil
}

// Every repository comes once, in pages of any size, also of sizes that the server
// refuses.
func TestRepositoriesBeyondAPage(t *testing.T) {
	const n = 1012
	root := registrytest.Folder(t)
	if err := registrytest.Seed(root, registrytest.Spec{Repositories: n, Tags: 1, Image: one}); err != nil {
		t.Fatal(err)
	}
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{Root: root})
		p := registrytest.Faulty(t, s)
		for size, requests := range map[int]int{0: 2, 1000: 2, 100: 11, 500: 3, 5000: 3, 99999: 3} {
			p.Clear()
			got, err := repositories(t, p.Client(quick), size)
			if err != nil {
				t.Fatalf("pages of %d: %v", size, err)
			}
			for i := range n {
				if want := fmt.Sprintf("seed/%05d", i); i >= len(got) || got[i] != want {
					t.Fatalf("pages of %d: %d names, number %d is not %q", size, len(got), i, want)
				}
			}
			if len(got) != n || p.Count("", "_catalog") != requests {
				t.Errorf("pages of %d: %d names by %d requests, want %d by %d", size, len(got), p.Count("", "_catalog"), n, requests)
			}
		}
	})
}

// one is the same image everywhere.
func one(int, int) registrytest.Builder { return small }

func TestOddCatalogs(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		if got, err := repositories(t, s.Client(), 0); len(got) != 0 || err != nil {
			t.Errorf("an empty registry has %q, %v", got, err)
		}
		for i := range 5 {
			s.Push("r/"+strconv.Itoa(i), small, "v1")
		}
		link := func(value string) registrytest.Action { return registrytest.SetHeader("Link", value) }
		for name, test := range map[string]struct {
			rules []registrytest.Rule
			names int
			err   string
		}{
			"absolute link to nowhere": {[]registrytest.Rule{{Path: "_catalog", Do: link(`<http://unreachable.example/v2/_catalog?last=r%2F1&n=2>; rel="next"`)}}, 5, ""},
			"other relations":          {[]registrytest.Rule{{Path: "_catalog", Do: link(`<x?last=a>; rel=prev, <x?last=r%2F1&n=2>; title="a"; rel=next`)}}, 5, ""},
			"same names again":         {[]registrytest.Rule{{Path: "_catalog", From: 2, Do: link(`</v2/_catalog?last=r%2F0&n=2>; rel="next"`)}}, 5, ""},
			"circle":                   {[]registrytest.Rule{{Path: "_catalog", Times: -1, Do: link(`</v2/_catalog?last=r%2F0&n=2>; rel="next"`)}}, 3, "circle"},
			"endless news of nothing":  {[]registrytest.Rule{{Path: "_catalog", Times: -1, Do: endless()}}, 2, "circle"},
			"gateway timeout":          {[]registrytest.Rule{{Path: "_catalog", Times: 2, Do: registrytest.Status(504, "")}}, 5, ""},
			"no JSON":                  {[]registrytest.Rule{{Path: "_catalog", From: 2, Do: registrytest.Status(200, "<p>hello", "Link", "")}}, 2, "invalid character"},
			"disabled":                 {[]registrytest.Rule{{Path: "_catalog", Do: registrytest.Status(404, `{"errors":[{"code":"UNSUPPORTED"}]}`)}}, 0, "UNSUPPORTED"},
		} {
			t.Run(name, func(t *testing.T) {
				p := registrytest.Faulty(t, s, test.rules...)
				got, err := repositories(t, p.Client(quick), 2)
				if unique := slices.Compact(slices.Sorted(slices.Values(got))); len(got) != test.names || len(unique) != test.names {
					t.Errorf("%d names: %q", len(got), got)
				}
				if test.err != "" {
					wants(t, err, nil, test.err, "")
				} else if err != nil {
					t.Error(err)
				}
			})
		}
	})
}

// endless gives every page a link that was never seen before.
func endless() registrytest.Action {
	n := 0
	return registrytest.Change(func(h http.Header, _ []byte) []byte {
		n++
		h.Set("Link", fmt.Sprintf(`</v2/_catalog?last=%d>; rel="next"`, n))
		return []byte(`{"repositories":["r/0","r/1"]}`)
	})
}

// A server that has no time for all tags at once is asked page by page.
func TestTagsPageByPage(t *testing.T) {
	const n = 250
	root := registrytest.Folder(t)
	if err := registrytest.Seed(root, registrytest.Spec{Repositories: 1, Tags: n, Images: 1}); err != nil {
		t.Fatal(err)
	}
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{Root: root, Extra: "tags:\n  maxtags: 100\n"})
		p := registrytest.Faulty(t, s)
		check := func(requests int) {
			t.Helper()
			tags, err := p.Client(quick).Tags(t.Context(), "seed/00000")
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(tags)
			if len(tags) != n || len(slices.Compact(tags)) != n {
				t.Errorf("%d tags, want %d", len(tags), n)
			}
			if got := p.Count("", "tags/list"); got != requests {
				t.Errorf("%d requests, want %d: %q", got, requests, p.Requests())
			}
		}
		check(1)
		p.Clear()
		p.Add(registrytest.Rule{Path: "tags/list", Do: registrytest.Status(http.StatusGatewayTimeout, "")})
		check(map[registrytest.Version]int{registrytest.V2: 2, registrytest.V3: 4}[v])
	})
}

// A repository without tags has none; that is no error.
func TestNoTags(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, v registrytest.Version) {
		s := registrytest.Start(t, v, registrytest.Options{})
		c := s.Push("a/b", small, "v1")
		client := s.Client()
		if err := client.DeleteManifest(t.Context(), "a/b", c.Digest); err != nil {
			t.Fatal(err)
		}
		if tags, err := client.Tags(t.Context(), "a/b"); len(tags) != 0 || err != nil {
			t.Errorf("tags %q, %v", tags, err)
		}
		if got, err := repositories(t, client, 0); !slices.Equal(got, []string{"a/b"}) || err != nil {
			t.Errorf("repositories %q, %v", got, err)
		}
	})
}
