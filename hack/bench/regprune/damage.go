package main

import (
	"fmt"
	"strconv"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// lowest is the first number that is to stay. Tags that are no numbers stay, too.
const lowest = 950

// damage deletes from a store as real ones are, once by the script and once by the
// plugin, collects the garbage, and counts what cannot be pulled of what was to stay.
func damage(b *bench) error {
	fmt.Printf("\n## Damage\n\nNumbers below %d are to go, all other tags to stay. In the store are images with several tags, manifest lists that share images, and tags that are no numbers.\n\n", lowest)
	fmt.Println("| server | who | tags to stay | of these broken | gone | blobs and manifests missing | tags that should have gone | bar |\n|---|---|---|---|---|---|---|---|")
	return b.each(func(v registrytest.Version) error {
		for _, who := range []struct {
			words  string
			delete func(url string) error
			gc     []string
			bar    bool
		}{
			{"script, then `garbage-collect -m`", b.byScript, []string{"-m"}, false},
			{"regprune apply, then `garbage-collect`", b.byPlugin, nil, true},
		} {
			s := registrytest.Start(b, v, registrytest.Options{})
			want, err := populate(s.Root)
			if err != nil {
				return err
			}
			if err := who.delete(s.URL); err != nil {
				return err
			}
			s.Stop()
			if out, err := s.GarbageCollect(who.gc...); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			s.Start()
			h := b.examine(s.Client(), want)
			bar := ""
			if who.bar {
				bar = "0, " + verdict(h.broken+h.gone == 0)
			}
			fmt.Printf("| %s | %s | %d | %d | %d | %d | %d | %s |\n", v, who.words, h.stay, h.broken, h.gone, h.missing, h.left, bar)
			s.Stop()
		}
		return nil
	})
}

func (b *bench) byScript(url string) error {
	_, err := b.script([]string{"KEEP=" + strconv.Itoa(lowest)}, "delete", url)
	return err
}

func (b *bench) byPlugin(url string) error {
	_, err := b.regprune(b.TempDir(), "apply", "--registry", url, "--no-cluster", "-q", "--yes", "-o", "json",
		"--keep", "latest", "--keep-number", ">="+strconv.Itoa(lowest), "--min-age", "0s", "--max-delete", "100%")
	return err
}

// tagged is a tag, and what it was pushed with.
type tagged struct {
	name    string
	content *registrytest.Content
}

const repository = "team/app"

// populate fills a store.
func populate(root string) ([]tagged, error) {
	image := func(name, platform string, docker bool) *registrytest.Content {
		return registrytest.Image{
			Layers: [][]byte{registrytest.Layer("base", 2000), registrytest.Layer(name, 500)}, Platform: platform, Docker: docker,
		}.Build()
	}
	list := func(name string, docker bool) *registrytest.Content { // every fifth build of one platform has not changed
		n, _ := strconv.Atoi(name)
		return registrytest.Index{Docker: docker, Manifests: []registrytest.Builder{
			image(fmt.Sprint("amd64-", n/5), "linux/amd64", docker), image(name+"-arm64", "linux/arm64", docker),
		}}.Build()
	}
	var all []tagged
	for n := 900; n < 1000; n++ {
		name := strconv.Itoa(n)
		switch {
		case n%3 == 0:
			all = append(all, tagged{name, list(name, true)})
		case n%3 == 1 && n%2 == 0:
			all = append(all, tagged{name, list(name, false)})
		default:
			all = append(all, tagged{name, image(fmt.Sprint("single-", n%40), "", n%2 == 0)}) // some are rebuilt without a change
		}
	}
	for i, name := range []string{"latest", "prod", "staging", "rollback"} { // further names
		all = append(all, tagged{name, all[99-20*i].content})
	}
	for i, name := range []string{"main", "stable", "v2-rc", "1.4.2", "release-1", "nightly"} {
		all = append(all, tagged{name, list(strconv.Itoa(2000+10*i), i%2 == 0)})
	}
	for _, t := range all {
		if err := registrytest.Write(root, repository, t.content, t.name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// health counts tags: to stay, of these broken or gone, and to go but there.
type health struct{ stay, broken, gone, left, missing int }

func (b *bench) examine(c *registry.Client, want []tagged) health {
	var h health
	missing := map[string]bool{}
	for _, t := range want {
		n, err := strconv.Atoi(t.name)
		m, get := c.Manifest(b.ctx, repository, t.name)
		if err == nil && n < lowest {
			if get == nil {
				h.left++
			}
			continue
		}
		h.stay++
		switch {
		case get != nil || m.Digest != t.content.Digest:
			h.gone++
			missing[t.content.Digest] = true
		case !b.whole(c, t.content, missing):
			h.broken++
		}
	}
	h.missing = len(missing)
	return h
}

// whole reports whether all of an image or index is there, and notes what is not.
func (b *bench) whole(c *registry.Client, content *registrytest.Content, missing map[string]bool) bool {
	whole := true
	lack := func(digest string, err error) {
		if err != nil {
			missing[digest] = true
			whole = false
		}
	}
	for _, child := range content.Children {
		_, err := c.Manifest(b.ctx, repository, child.Digest)
		lack(child.Digest, err)
		whole = b.whole(c, child, missing) && whole
	}
	for _, blob := range content.Blobs {
		digest := registry.Digest(blob)
		_, err := c.ReadableBlob(b.ctx, repository, digest, -1)
		lack(digest, err)
	}
	return whole
}
