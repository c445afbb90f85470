package apply

import (
	"sync"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/backup"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/graph"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// repository is what is to go from one repository, and what has been found out since
// the plan was made.
type repository struct {
	*run
	name         string
	tags         map[string]*Item // that go, by name
	tagList      []*Item
	byDigest     map[string][]*Item // of those, by the digest that they led to
	untag        map[string]bool    // of those: the manifest stays
	manifests    map[string]*Item   // that go, by digest
	manifestList []*Item
	rounds       [][]*Item         // the manifests in the order in which they may go
	planned      map[string]string // digests of all tags that the plan knows
	placeholders map[string][]string

	// What the backup says of manifests that go.
	above     map[string][]string // what has to be gone before: indexes, subjects
	children  map[string][]string
	referrers map[string][]string // by subject
	attached  map[string][]string // tags, by the digest that they belong to
	configs   map[string][]string // manifests, by their config's digest
	absent    map[string]bool     // manifests that were gone already

	stayers map[string]bool // manifests that the plan keeps

	surveying sync.Mutex // held while the server is asked for all tags

	mu       sync.Mutex
	known    map[string]bool     // digests that the plan, or a look at them, has explained
	extra    map[string][]string // what manifests need that are new since the plan
	leads    map[string]string   // where tags lead now; "" where nothing is
	again    map[Item]bool       // tags and manifests that were done and are back
	roots    map[string]string   // where tags led that were not to go, whenever they were seen
	lost     []*Item             // tags of these that went all the same
	listed   time.Time           // when tags were listed last
	surveyed time.Time
	cost     time.Duration // of the last survey
	stays    map[string]Reason
	tagStays map[string]Reason
	useSeen  int // the answer about the use that stays goes by
}

func newRepository(r *run, repo plan.Repository, kept backup.Repository) (*repository, error) {
	p := &repository{
		run: r, name: repo.Name, tags: map[string]*Item{}, byDigest: map[string][]*Item{}, untag: map[string]bool{}, manifests: map[string]*Item{},
		planned: map[string]string{}, placeholders: map[string][]string{}, known: map[string]bool{}, extra: map[string][]string{},
		above: map[string][]string{}, children: map[string][]string{}, referrers: map[string][]string{},
		attached: map[string][]string{}, configs: map[string][]string{}, leads: map[string]string{},
		absent: map[string]bool{}, stayers: map[string]bool{}, again: map[Item]bool{}, roots: map[string]string{},
	}
	for _, m := range repo.Manifests {
		// A plan may have been edited: what stays says by itself what it needs.
		p.stayers[m.Digest] = m.Action != plan.Delete
		p.known[m.Digest] = m.Action != plan.Delete && isLeaf(m.MediaType)
		if m.Action == plan.Delete {
			i := &Item{Repo: p.name, Digest: m.Digest}
			p.manifests[m.Digest] = i
			p.manifestList = append(p.manifestList, i)
		}
	}
	for _, t := range repo.Tags {
		p.planned[t.Name] = t.Digest
		if t.Action == plan.Keep {
			continue
		}
		i := &Item{Repo: p.name, Tag: t.Name, Digest: t.Digest}
		p.tags[t.Name] = i
		p.tagList = append(p.tagList, i)
		p.byDigest[t.Digest] = append(p.byDigest[t.Digest], i)
		p.untag[t.Name] = p.manifests[t.Digest] == nil
		if subject := graph.AttachedTo(t.Name); subject != "" {
			p.attached[subject] = append(p.attached[subject], t.Name)
			p.above[t.Digest] = append(p.above[t.Digest], subject)
		}
	}
	if err := p.read(kept); err != nil {
		return nil, err
	}
	p.order()
	return p, nil
}

// read learns from the backup what belongs to what.
func (p *repository) read(kept backup.Repository) error {
	for _, m := range kept.Manifests {
		p.absent[m.Digest] = m.Missing
		if m.Missing || p.manifests[m.Digest] == nil {
			continue
		}
		p.known[m.Digest] = true
		body, err := p.backup.Manifest(m)
		if err != nil {
			return err
		}
		content, err := body.Parse()
		if err != nil {
			return err
		}
		for _, c := range content.Manifests {
			p.children[m.Digest] = append(p.children[m.Digest], c.Digest)
			p.above[c.Digest] = append(p.above[c.Digest], m.Digest)
		}
		if content.Subject != nil {
			p.referrers[content.Subject.Digest] = append(p.referrers[content.Subject.Digest], m.Digest)
			p.above[m.Digest] = append(p.above[m.Digest], content.Subject.Digest)
		}
		if content.Config != nil {
			p.configs[content.Config.Digest] = append(p.configs[content.Config.Digest], m.Digest)
		}
	}
	return nil
}

// order makes the rounds: what is interrupted leaves no index without children, and
// no signature of nothing but the one that is being deleted.
func (p *repository) order() {
	depth := map[string]int{}
	var visit func(digest string) int
	visit = func(digest string) int {
		if n, seen := depth[digest]; seen {
			return n
		}
		depth[digest] = 0 // ends a cycle, which names of attachments can make
		n := 0
		for _, above := range p.above[digest] {
			if p.manifests[above] != nil && above != digest {
				n = max(n, visit(above)+1)
			}
		}
		depth[digest] = n
		return n
	}
	for _, i := range p.manifestList {
		n := visit(i.Digest)
		for len(p.rounds) <= n {
			p.rounds = append(p.rounds, nil)
		}
		p.rounds[n] = append(p.rounds[n], i)
	}
}

// isLeaf reports whether manifests of a type name no others.
func isLeaf(mediaType string) bool {
	switch mediaType {
	case registry.OCIManifest, registry.DockerManifest, registry.DockerSchema1, registry.DockerSigned1:
		return true
	}
	return false
}

// needs are the digests that content cannot do without.
func needs(content *registry.Content) []string {
	var list []string
	for _, c := range content.Manifests {
		list = append(list, c.Digest)
	}
	if content.Subject != nil {
		list = append(list, content.Subject.Digest)
	}
	return list
}
