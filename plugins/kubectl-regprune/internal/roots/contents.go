package roots

import (
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// contents is a registry's graph the way that references look it up.
type contents struct {
	tags     map[string]map[string]string // repository → tag → digest, "" for a ghost
	whole    map[string]bool              // repositories whose untagged manifests are known
	unread   map[string]bool              // repositories that could not be read, or not all of them
	linked   map[string]bool              // digests that some repository links or the graph describes
	parents  map[string][]string          // digest → indexes that name it
	ofConfig map[string][]string          // config → manifests
}

func readContents(g *graph.Registry) *contents {
	c := &contents{tags: map[string]map[string]string{}, whole: map[string]bool{}, unread: map[string]bool{}, linked: map[string]bool{},
		parents: map[string][]string{}, ofConfig: map[string][]string{}}
	for _, r := range g.Repositories {
		tags := make(map[string]string, len(r.Tags))
		for _, t := range r.Tags {
			tags[t.Name] = t.Digest
		}
		c.tags[r.Name], c.whole[r.Name], c.unread[r.Name] = tags, r.Complete, r.Failed != ""
		for _, d := range r.Linked {
			c.linked[d] = true
		}
	}
	for d, m := range g.Manifests {
		c.linked[d] = true
		for _, child := range m.Children {
			c.parents[child] = append(c.parents[child], d)
		}
		if m.Config != nil {
			c.ofConfig[m.Config.Digest] = append(c.ofConfig[m.Config.Digest], d)
		}
	}
	return c
}

// meant are the manifests that a digest can stand for.
func (c *contents) meant(digest string) []string {
	var meant []string
	seen := map[string]bool{}
	var add func(d string)
	add = func(d string) {
		if seen[d] {
			return
		}
		seen[d] = true
		if c.linked[d] {
			meant = append(meant, d)
		}
		for _, parent := range c.parents[d] {
			add(parent)
		}
	}
	add(digest)
	for _, d := range c.ofConfig[digest] {
		add(d)
	}
	return meant
}

// complete reports whether all manifests of the repositories are known.
func (c *contents) complete(names []string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !c.whole[n] })
}

// failed reports whether one of names could not be read, and may have anything.
func (c *contents) failed(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return c.unread[n] })
}

// tagged reports whether name is a repository with the tag.
func (c *contents) tagged(name, tag string) bool {
	_, ok := c.tags[name][tag]
	return ok
}

// any reports whether the template can become one of the registry's tags.
func (c *contents) any(t *template) bool {
	for name, tags := range c.tags {
		for tag := range tags {
			if t.matches(name, tag) {
				return true
			}
		}
	}
	return false
}
