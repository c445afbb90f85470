package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// repositories is over how many the tags are spread.
const repositories = 10

// The rules of the plans: one that goes by names only, and one for which the config of
// each image has to be read. All images are younger than the second one's age.
var (
	byName = []string{"--keep-number", ">=0", "--min-age", "0s"}
	byDate = []string{"--keep-within", "100y"}
)

// store is a registry that is full of small images, and how to ask for them.
type store struct {
	server                *registrytest.Server
	tags                  int
	tagPaths, configPaths []string
}

// image is in Docker's format, as the script does not understand any other.
func image(repo, i int) registrytest.Builder {
	image := registrytest.SeedImage(repo, i)
	image.Docker = true
	return image
}

func (b *bench) store(v registrytest.Version, tags int) (*store, error) {
	root := registrytest.Folder(b)
	each := tags / repositories
	if err := registrytest.Seed(root, registrytest.Spec{Repositories: repositories, Tags: each, Image: image}); err != nil {
		return nil, err
	}
	s := &store{server: registrytest.Start(b, v, registrytest.Options{Root: root}), tags: each * repositories}
	for r := range repositories {
		for i := range each {
			name := fmt.Sprintf("seed/%05d", r)
			s.tagPaths = append(s.tagPaths, fmt.Sprintf("%s/manifests/%d", name, i+1))
			s.configPaths = append(s.configPaths, name+"/blobs/"+registry.Digest(image(r, i).Build().Blobs[0]))
		}
	}
	return s, nil
}

// inventory compares the plugin, start to end, with the bare loop.
func inventory(b *bench) error {
	fmt.Printf("\n## Inventory\n\n%d tags in %d repositories, %d connections, median of %d rounds; load average %s\n\n", b.o.tags, repositories, b.o.conns, b.o.rounds, loadAverage())
	fmt.Println("| server | requests | bare loop, s | CPU s | requests/s | regprune, s | CPU s | of the loop | bar |\n|---|---|---|---|---|---|---|---|---|")
	err := b.each(func(v registrytest.Version) error {
		s, err := b.store(v, b.o.tags)
		if err != nil {
			return err
		}
		if _, err := b.bare(s.server.URL, "GET", 200, b.o.conns, s.tagPaths); err != nil { // warms the server up
			return err
		}
		for _, c := range []struct {
			words string
			rules []string
			paths []string
		}{
			{"manifests of all tags", byName, s.tagPaths},
			{"manifests and configs", byDate, slices.Concat(s.tagPaths, []string{""}, s.configPaths)},
		} {
			both, err := b.rounds(
				func() (outcome, error) { return b.bare(s.server.URL, "GET", 200, b.o.conns, c.paths) },
				func() (outcome, error) { return b.cold(s, c.rules...) },
			)
			if err != nil {
				return err
			}
			loop, ours := both[0], both[1]
			ratio := loop.wall.Seconds() / ours.wall.Seconds()
			fmt.Printf("| %s | %s | %.2f | %.2f | %.0f | %.2f | %.2f | %.0f %% | 90 %%, %s |\n", v, c.words, loop.wall.Seconds(), loop.cpu.Seconds(), float64(len(c.paths))/loop.wall.Seconds(),
				ours.wall.Seconds(), ours.cpu.Seconds(), 100*ratio, verdict(ratio >= 0.9))
		}
		s.server.Stop()
		return nil
	})
	if err != nil {
		return err
	}
	return large(b)
}

// cold is a plan of who has never seen the registry.
func (b *bench) cold(s *store, rules ...string) (outcome, error) {
	o, p, err := b.plan(b.TempDir(), s.server.URL, s.tags, rules...)
	if err == nil && p.Totals.TagsDeleted > 0 {
		err = fmt.Errorf("%w: %d tags would go", errWrong, p.Totals.TagsDeleted)
	}
	return o, err
}

// large takes one inventory of many tags.
func large(b *bench) error {
	fmt.Printf("\n| server | tags, with dates | seconds | peak RSS | bar |\n|---|---|---|---|---|\n")
	return b.each(func(v registrytest.Version) error {
		s, err := b.store(v, b.o.large)
		if err != nil {
			return err
		}
		o, err := b.cold(s, byDate...)
		if err != nil {
			return err
		}
		const bar = 90 * time.Second
		fmt.Printf("| %s | %d | %.1f | %.1f MiB | %.0f s, %s |\n", v, s.tags, o.wall.Seconds(), float64(o.rss)/mib, bar.Seconds(), verdict(o.wall <= bar))
		s.server.Stop()
		return nil
	})
}

// warm plans twice with one memory, and counts what the second time asks for.
func warm(b *bench) error {
	fmt.Printf("\n## The second time\n\nThe same plan again, with dates, %d tags; load average %s\n\n", b.o.tags, loadAverage())
	fmt.Println("| server | run | GETs of manifests | GETs of configs | HEADs | seconds |\n|---|---|---|---|---|---|")
	return b.each(func(v registrytest.Version) error {
		s, err := b.store(v, b.o.tags)
		if err != nil {
			return err
		}
		proxy, cache := registrytest.Faulty(b, s.server), b.TempDir()
		direct := b.TempDir()
		for _, run := range []string{"first", "second"} {
			proxy.Clear()
			if _, _, err := b.plan(cache, proxy.URL, s.tags, byDate...); err != nil {
				return err
			}
			manifests, configs, heads := proxy.Count("GET", "/manifests/"), proxy.Count("GET", "/blobs/"), proxy.Count("HEAD", "")
			o, _, err := b.plan(direct, s.server.URL, s.tags, byDate...) // the proxy takes time
			if err != nil {
				return err
			}
			words := ""
			if run == "second" {
				words = " (bar: none, " + verdict(manifests+configs == 0) + ")"
			}
			fmt.Printf("| %s | %s | %d | %d%s | %d | %.2f |\n", v, run, manifests, configs, words, heads, o.wall.Seconds())
		}
		s.server.Stop()
		return nil
	})
}
