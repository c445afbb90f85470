package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// checker asks for each digest of a repository once.
type checker struct {
	client Client
	repo   string

	mu        sync.Mutex
	manifests map[string]*check
	blobs     map[string]*check
}

// check is the answer about one digest, once it is there.
type check struct {
	once   sync.Once
	faults []Fault
	size   int64
}

func (c *checker) entry(of map[string]*check, digest string) *check {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of[digest] == nil {
		of[digest] = &check{}
	}
	return of[digest]
}

func (c *checker) target(ctx context.Context, t target) *Broken {
	b := &Broken{Repo: t.repo, Tag: t.tag, Digest: t.digest}
	if t.tag == "" {
		b.Faults = c.manifest(ctx, t.digest)
		return b
	}
	m, err := c.client.Manifest(ctx, c.repo, t.tag)
	if err != nil {
		b.Faults = []Fault{fault(t.digest, AManifest, err)}
		return b
	}
	b.Digest = m.Digest
	check := c.entry(c.manifests, m.Digest)
	check.once.Do(func() { check.faults = c.content(ctx, m) })
	b.Faults = check.faults
	return b
}

// manifest looks at a manifest and all that it needs.
func (c *checker) manifest(ctx context.Context, digest string) []Fault {
	check := c.entry(c.manifests, digest)
	check.once.Do(func() {
		m, err := c.client.Manifest(ctx, c.repo, digest)
		if err != nil {
			check.faults = []Fault{fault(digest, AManifest, err)}
			return
		}
		check.faults = c.content(ctx, m)
	})
	return check.faults
}

func (c *checker) content(ctx context.Context, m *registry.Manifest) []Fault {
	content, err := m.Parse()
	if err != nil {
		return []Fault{{m.Digest, AManifest, BadText, err}}
	}
	var faults []Fault
	for _, child := range content.Manifests {
		faults = append(faults, c.manifest(ctx, child.Digest)...)
	}
	if content.Config != nil {
		faults = append(faults, c.blob(ctx, *content.Config, AConfig)...)
	}
	for _, l := range content.Layers {
		faults = append(faults, c.blob(ctx, l, ALayer)...)
	}
	slices.SortFunc(faults, func(a, b Fault) int { return strings.Compare(a.Digest, b.Digest) })
	return slices.CompactFunc(faults, func(a, b Fault) bool { return a.Digest == b.Digest && a.Fault == b.Fault })
}

func (c *checker) blob(ctx context.Context, d registry.Descriptor, what string) []Fault {
	if d.Foreign() {
		return nil
	}
	check := c.entry(c.blobs, d.Digest)
	check.once.Do(func() {
		size, err := c.client.ReadableBlob(ctx, c.repo, d.Digest, d.Size)
		if check.size = size; err != nil && !errors.Is(err, registry.ErrSize) { // sizes are compared below, with each that is claimed
			check.faults = []Fault{fault(d.Digest, what, err)}
		}
	})
	if len(check.faults) == 0 && d.Size >= 0 && check.size != d.Size {
		return []Fault{{d.Digest, what, WrongSize, fmt.Errorf("%d bytes, should be %d", check.size, d.Size)}}
	}
	return check.faults
}
