package roots

import (
	"cmp"
	"slices"
	"strings"
)

// strength orders reasons: a pod that runs matters more than a text that mentions.
var strength = map[string]int{InUse: 0, Rollback: 1, HelmHistory: 2, Mentioned: 3}

// compareSites orders by strength, and by place within that.
func compareSites(a, b Site) int {
	return cmp.Or(cmp.Compare(strength[a.Why], strength[b.Why]), comparePlaces(a, b))
}

func comparePlaces(a, b Site) int {
	return cmp.Or(strings.Compare(a.Context, b.Context), strings.Compare(a.Kind, b.Kind),
		strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name), strings.Compare(a.Field, b.Field))
}

// sortSites puts sites in order and leaves one for each place, with the strongest
// reason. It works in place.
func sortSites(sites []Site) []Site {
	slices.SortFunc(sites, func(a, b Site) int {
		return cmp.Or(comparePlaces(a, b), cmp.Compare(strength[a.Why], strength[b.Why]))
	})
	sites = slices.CompactFunc(sites, func(a, b Site) bool { return comparePlaces(a, b) == 0 })
	slices.SortFunc(sites, compareSites)
	return sites
}

// collector gathers references while objects pass by. Of the objects it keeps
// nothing but where they name an image. It is not safe for concurrent use.
type collector struct {
	context string
	found   map[named]*Reference
	texts   map[string]string // one copy of each text that repeats
}

type named struct {
	image  string
	status bool
}

func newCollector(context string) *collector {
	return &collector{context: context, found: map[named]*Reference{}, texts: map[string]string{}}
}

func (c *collector) add(image string, status bool, s Site) {
	r := c.found[named{image, status}]
	if r == nil {
		image = strings.Clone(image)
		r = &Reference{Image: image, Status: status}
		c.found[named{image, status}] = r
	}
	s.Context = c.context
	s.Kind, s.Namespace, s.Name, s.Field = c.intern(s.Kind), c.intern(s.Namespace), c.intern(s.Name), c.intern(s.Field)
	r.Sites = append(r.Sites, s)
}

// intern returns a text that is kept once, however often it comes.
func (c *collector) intern(text string) string {
	if known, ok := c.texts[text]; ok {
		return known
	}
	text = strings.Clone(text)
	c.texts[text] = text
	return text
}

// merge takes over what references say.
func (c *collector) merge(references []Reference) {
	for _, r := range references {
		if known := c.found[named{r.Image, r.Status}]; known != nil {
			known.Sites = append(known.Sites, r.Sites...)
		} else {
			c.found[named{r.Image, r.Status}] = &Reference{r.Image, r.Status, slices.Clone(r.Sites)}
		}
	}
}

// references are what was gathered, in the order of the images.
func (c *collector) references() []Reference {
	list := make([]Reference, 0, len(c.found))
	for _, r := range c.found {
		r.Sites = sortSites(r.Sites)
		list = append(list, *r)
	}
	slices.SortFunc(list, compareReferences)
	return list
}

func compareReferences(a, b Reference) int {
	if d := strings.Compare(a.Image, b.Image); d != 0 {
		return d
	}
	switch {
	case a.Status == b.Status:
		return 0
	case b.Status:
		return -1
	}
	return 1
}
