// Package backup owns the folder of a run: what is needed to undo it, written and
// forced to the disk before anything is deleted, and the journal of what was done.
//
//	plan.json                the plan, byte for byte
//	manifests/sha256/HEX     every manifest that goes, or that something which goes needs
//	index.json               repositories, tags, and the order for putting it back
//	journal.jsonl            one line for each tag or manifest that is done
//
// It keeps manifests, no layers: once the server has collected its garbage, an image
// comes back only as far as others share its layers. It never deletes anything from a
// registry, and does not move a tag that leads elsewhere by now unless it is forced to.
package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// APIVersion and Kind of an index.json.
const (
	APIVersion = "regprune.kubectl-suite.dev/v1alpha1"
	Kind       = "Backup"
)

// The files of a run's folder.
const (
	planFile    = "plan.json"
	indexFile   = "index.json"
	journalFile = "journal.jsonl"
	manifestDir = "manifests"
)

// Source is where manifests are read from.
type Source interface {
	// Manifest fails with an error that is [registry.ErrNotFound] for what is not there.
	Manifest(ctx context.Context, repo, ref string) (*registry.Manifest, error)
}

// Index says what a backup has.
type Index struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Registry   plan.Registry `json:"registry"`
	Plan       string        `json:"plan"` // digest of plan.json
	CreatedAt  time.Time     `json:"createdAt"`
	Repos      []Repository  `json:"repositories"`
}

// Repository is what is kept of one repository.
type Repository struct {
	Name      string     `json:"name"`
	Tags      []Tag      `json:"tags"`
	Manifests []Manifest `json:"manifests"` // in the order for putting them back
}

// Tag is a tag that goes, and what it led to.
type Tag struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
}

// Manifest is a manifest whose bytes are kept.
type Manifest struct {
	Digest    string `json:"digest"`
	MediaType string `json:"mediaType,omitempty"`
	Size      int64  `json:"size,omitempty"` // bytes
	// Order is the round in which it is put back, from 1: children before indexes,
	// and what refers to something after it.
	Order int `json:"order"`
	// Goes says that the plan deletes it; others are there as something which goes
	// needs them.
	Goes bool `json:"goes"`
	// Missing says that it was not there any more when the backup was made.
	Missing bool `json:"missing,omitempty"`
}

// Backup is a complete folder.
type Backup struct {
	Dir   string
	Plan  *plan.Plan
	Index Index
}

// Manifest reads the bytes of a manifest, and checks that they are what digest says.
func (b *Backup) Manifest(m Manifest) (*registry.Manifest, error) {
	root, err := os.OpenRoot(b.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening backup %q: %w", b.Dir, err)
	}
	defer root.Close()
	return read(root, m)
}

func read(root *os.Root, m Manifest) (*registry.Manifest, error) {
	if !registry.ValidDigest(m.Digest) {
		return nil, fmt.Errorf("reading the backup of manifest %q: it is no digest", m.Digest)
	}
	body, err := root.ReadFile(manifestPath(m.Digest))
	if err != nil {
		return nil, fmt.Errorf("reading the backup of manifest %q: %w", m.Digest, err)
	}
	out := &registry.Manifest{MediaType: m.MediaType, Digest: m.Digest, Body: body}
	switch got, err := out.DigestLike(m.Digest); {
	case err != nil:
		return nil, fmt.Errorf("reading the backup of manifest %q: the file is damaged: %w", m.Digest, err)
	case got != m.Digest:
		return nil, fmt.Errorf("reading the backup of manifest %q: the file is damaged, its digest is %q", m.Digest, got)
	}
	return out, nil
}

func manifestPath(digest string) string {
	algorithm, sum, _ := strings.Cut(digest, ":")
	return path.Join(manifestDir, algorithm, sum)
}

// decodePlan reads a plan file and refuses what is none.
func decodePlan(raw []byte) (*plan.Plan, error) {
	p := &plan.Plan{}
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	if p.APIVersion != plan.APIVersion || p.Kind != plan.Kind {
		return nil, hint.With(fmt.Errorf("reading the plan: it is a %q of %q", p.Kind, p.APIVersion),
			"make a plan with this version of the plugin")
	}
	p.Recount() // or a run of an edited plan would seem to have nothing to do
	for _, r := range p.Repos {
		for _, m := range r.Manifests {
			if !registry.ValidDigest(m.Digest) {
				return nil, fmt.Errorf("reading the plan: repository %q: %q is no digest", r.Name, m.Digest)
			}
		}
		for _, t := range r.Tags {
			if t.Digest != "" && !registry.ValidDigest(t.Digest) {
				return nil, fmt.Errorf("reading the plan: tag %q of repository %q: %q is no digest", t.Name, r.Name, t.Digest)
			}
		}
	}
	return p, nil
}
