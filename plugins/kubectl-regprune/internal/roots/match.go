package roots

import (
	"slices"

	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
)

// Matched is what the references of clusters mean to a registry. All lists are in
// order, and those of sites have the strongest reason first.
type Matched struct {
	// Tags has the sites that need a tag, by repository and tag.
	Tags map[string]map[string][]Site
	// Digests has the sites that need a manifest, by digest, in whatever repository:
	// those that are named, and what a name can stand for in a status, which is
	// every index around a manifest and the manifests of a config.
	Digests map[string][]Site

	References int // that clusters have
	Matched    int // that lead to a tag or manifest of the registry
	// Hosts are those of references whose repository is in the registry, with the
	// number of these references; docker.io stands for short names, too. They are
	// evidence for names under which the registry is known.
	Hosts map[string]int
	// Dangling are references into repositories of the registry that lead nowhere. Where
	// one could not be read, nobody knows.
	Dangling []Dangling
	// Unresolved are images that say nothing: templates without a name, texts that
	// are no image.
	Unresolved []Reference
}

// Dangling is a reference whose repository exists, but whose tag or manifest does
// not. Those that are only mentioned, and those of a status, do not count.
type Dangling struct {
	Reference
	Repository  string
	Tag, Digest string // one of them, or both
	// Alias says that the host is known to be the registry: a pull fails. If it is
	// false, the image may be one of another registry.
	Alias bool
}

// defaultTag is what runtimes take for an image without tag and digest.
const defaultTag = "latest"

// Match finds the tags and manifests that view's references need. It errs on the
// side of keeping: whatever a reference may mean is needed.
func Match(view *View, hosts Hosts, g *graph.Registry) *Matched {
	m := newMatcher(hosts, g)
	for _, r := range view.References {
		m.reference(r)
	}
	for _, tags := range m.out.Tags {
		for tag, sites := range tags {
			tags[tag] = sortSites(sites)
		}
	}
	for d, sites := range m.out.Digests {
		m.out.Digests[d] = sortSites(sites)
	}
	return m.out
}

type matcher struct {
	hosts Hosts
	*contents
	out *Matched
}

func newMatcher(hosts Hosts, g *graph.Registry) *matcher {
	return &matcher{hosts: hosts, contents: readContents(g), out: &Matched{
		Tags: map[string]map[string][]Site{}, Digests: map[string][]Site{}, Hosts: map[string]int{},
	}}
}

func (m *matcher) reference(r Reference) {
	m.out.References++
	if t := parseTemplate(r.Image, m.hosts); t != nil {
		m.template(r, t)
		return
	}
	img, err := parseImage(r.Image)
	if err != nil {
		if !r.Status && !m.hosts.foreign(hostOf(r.Image)) {
			m.out.Unresolved = append(m.out.Unresolved, r)
		}
		return
	}
	names := m.known(m.hosts.repositories(img))
	hit := false
	// A runtime that got the same manifest from several registries reports it
	// under the name of any of them. So a digest in a status counts whatever its host.
	if img.digest != "" && (r.Status || !m.hosts.foreign(img.host)) {
		hit = m.needDigest(img.digest, r.Sites)
	}
	dangling := len(names) > 0 && !m.failed(names) && (img.digest == "" || !hit && m.complete(names))
	if img.tag == "" && img.digest == "" {
		img.tag = defaultTag
	}
	for _, name := range names {
		if digest, ok := m.tags[name][img.tag]; ok {
			m.needTag(name, img.tag, r.Sites)
			hit = true
			dangling = dangling && (img.digest != "" || digest == "")
		}
	}
	if len(names) > 0 {
		m.out.Hosts[img.host]++
	}
	if hit {
		m.out.Matched++
	}
	if dangling {
		m.dangling(r, img, names[0])
	}
}

// known are those of names that are repositories of the registry.
func (m *matcher) known(names []string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return m.tags[n] == nil })
}

func (m *matcher) needTag(repository, tag string, sites []Site) {
	if m.out.Tags[repository] == nil {
		m.out.Tags[repository] = map[string][]Site{}
	}
	m.out.Tags[repository][tag] = append(m.out.Tags[repository][tag], sites...)
}

// needDigest keeps what digest can stand for. It is false if that is nothing in the
// registry.
func (m *matcher) needDigest(digest string, sites []Site) bool {
	meant := m.meant(digest)
	for _, d := range meant {
		m.out.Digests[d] = append(m.out.Digests[d], sites...)
	}
	return len(meant) > 0
}

func (m *matcher) dangling(r Reference, img image, repository string) {
	mentioned := !slices.ContainsFunc(r.Sites, func(s Site) bool { return s.Why != Mentioned })
	if r.Status || mentioned {
		return
	}
	_, alias := m.hosts.alias(img.host)
	m.out.Dangling = append(m.out.Dangling, Dangling{r, repository, img.tag, img.digest, alias})
}

// template keeps every tag that a template can become.
func (m *matcher) template(r Reference, t *template) {
	if m.hosts.foreign(t.host) {
		return
	}
	if len(t.forms) == 0 && t.digest == "" {
		m.out.Unresolved = append(m.out.Unresolved, r)
		return
	}
	hit := m.needDigest(t.digest, r.Sites)
	ours := false
	for name, tags := range m.tags {
		for tag := range tags {
			if t.matches(name, tag) {
				m.needTag(name, tag, r.Sites)
				ours = true
			}
		}
	}
	if ours && t.host != "" {
		m.out.Hosts[t.host]++
	}
	if hit || ours {
		m.out.Matched++
	}
}
