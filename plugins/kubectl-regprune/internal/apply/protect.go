package apply

import (
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// protect works out what stays: what the plan keeps, what tags lead to that are not to
// go, or lead elsewhere than the plan says, or are back, what clusters use, and
// everything that these need or that belongs to them. The caller holds mu.
func (p *repository) protect() {
	c := newClosure(p)
	use, seen := p.usage()
	p.useSeen = seen
	c.addTagged()
	for tag := range use.Tags[p.name] {
		c.keepTag(tag, InUse)
	}
	for digest := range use.Digests {
		c.keepUsed(digest)
	}
	c.complete()
	p.stays, p.tagStays = c.stays, c.tagStays
}

// addTagged begins with what the registry and the plan say.
func (c *closure) addTagged() {
	for tag, digest := range c.leads {
		planned, inPlan := c.planned[tag]
		unchanged := inPlan && digest == planned
		i, goes := c.tags[tag]
		switch {
		case c.placeholder(tag, digest):
			continue
		case goes && unchanged && !c.again[i.id()]:
			continue
		case goes && unchanged:
			c.keepTag(tag, PushedAgain)
		default:
			c.add(digest, Retagged)
		}
		if digest != "" {
			c.roots[tag] = digest
		}
		if subject := graph.AttachedTo(tag); subject != "" && !unchanged {
			c.add(subject, Needed) // somebody has signed it since
		}
	}
	for i := range c.again {
		if i.Tag == "" {
			c.add(i.Digest, PushedAgain)
			for _, t := range c.byDigest[i.Digest] {
				c.keepTag(t.Tag, PushedAgain)
			}
		}
	}
	for digest, stays := range c.stayers {
		if stays {
			c.add(digest, Needed)
		}
	}
}

// closure grows what stays.
type closure struct {
	*repository
	stays    map[string]Reason
	tagStays map[string]Reason
	queue    []string
}

func newClosure(p *repository) *closure {
	return &closure{repository: p, stays: map[string]Reason{}, tagStays: map[string]Reason{}}
}

func (c *closure) add(digest string, why Reason) {
	if _, seen := c.stays[digest]; seen || digest == "" {
		return
	}
	c.stays[digest] = why
	c.queue = append(c.queue, digest)
}

func (c *closure) keepTag(tag string, why Reason) {
	if c.tags[tag] != nil {
		if _, seen := c.tagStays[tag]; !seen {
			c.tagStays[tag] = why
		}
	}
	digest, listed := c.leads[tag]
	if !listed {
		digest = c.planned[tag] // what it led to may not go if the name is wanted
	}
	c.add(digest, why)
}

// keepUsed keeps what a cluster names by digest: an image, one whose config that is,
// the indexes around it, and all their tags, as nobody knows which one is meant.
func (c *closure) keepUsed(digest string) {
	used := append([]string{digest}, c.configs[digest]...)
	seen := map[string]bool{}
	for ; len(used) > 0; used = used[1:] {
		d := used[0]
		if seen[d] || !c.known[d] && c.manifests[d] == nil {
			continue
		}
		seen[d] = true
		c.add(d, InUse)
		for _, above := range c.above[d] {
			for _, child := range c.children[above] {
				if child == d {
					used = append(used, above)
				}
			}
		}
		for _, i := range c.byDigest[d] {
			c.keepTag(i.Tag, InUse)
		}
	}
}

func (c *closure) complete() {
	for ; len(c.queue) > 0; c.queue = c.queue[1:] {
		d := c.queue[0]
		for _, list := range [][]string{c.children[d], c.extra[d], c.referrers[d]} {
			for _, needed := range list {
				c.add(needed, Needed)
			}
		}
		for _, tag := range c.attached[d] {
			c.keepTag(tag, Needed)
		}
	}
}

// staying says why a tag or manifest must not go, "" if it may.
func (p *repository) staying(i *Item) Reason {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i.Tag != "" {
		return p.tagStays[i.Tag]
	}
	return p.stays[i.Digest]
}
