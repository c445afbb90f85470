package collect

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// Output is what a registry's garbage-collect printed, in the words of version 2 or 3.
type Output struct {
	Blobs     []string // digests to delete or deleted, sorted
	Links     []Link   // layer links, which version 3 deletes, too
	Manifests []string // that -m is about; in the words of the server

	// Where it was when it ended: the repository, and the manifest in it.
	Repository, Manifest string

	counted bool
	blobs   int
	marked  int
}

// Link is a layer that a repository has.
type Link struct{ Repository, Digest string }

var (
	total   = regexp.MustCompile(`^(\d+) blobs marked, (\d+) blobs and (\d+) manifests eligible for deletion$`)
	marking = regexp.MustCompile(`^(.+): marking (manifest|blob) (\S+) *$`)
	layer   = regexp.MustCompile(`^(.+): layer link eligible for deletion: (\S+)$`)
)

// line takes one line of the output. Lines that say nothing of use are ignored; that
// none of those was lost is for check to find out.
func (o *Output) line(text string) error {
	if digest, ok := strings.CutPrefix(text, "blob eligible for deletion: "); ok {
		o.Blobs = append(o.Blobs, digest)
		return known(digest)
	}
	if what, ok := strings.CutPrefix(text, "manifest eligible for deletion: "); ok {
		o.Manifests = append(o.Manifests, what)
		return nil
	}
	if m := layer.FindStringSubmatch(text); m != nil {
		o.Links = append(o.Links, Link{m[1], m[2]})
		return known(m[2])
	}
	if m := marking.FindStringSubmatch(text); m != nil {
		o.Repository = m[1]
		if m[2] == "manifest" {
			o.Manifest = m[3]
		}
		return nil
	}
	if m := total.FindStringSubmatch(text); m != nil {
		o.counted = true
		o.marked, _ = strconv.Atoi(m[1])
		o.blobs, _ = strconv.Atoi(m[2])
		return nil
	}
	if registry.ValidRepository(text) {
		o.Repository, o.Manifest = text, ""
	}
	return nil
}

func known(digest string) error {
	if !registry.ValidDigest(digest) {
		return fmt.Errorf("reading the output of garbage-collect: %q is no digest", digest)
	}
	return nil
}

// check compares with the server's own count.
func (o *Output) check() error {
	slices.Sort(o.Blobs)
	slices.SortFunc(o.Links, func(a, b Link) int {
		return cmp.Or(strings.Compare(a.Repository, b.Repository), strings.Compare(a.Digest, b.Digest))
	})
	switch {
	case !o.counted:
		return errors.New("reading the output of garbage-collect: it does not say how many blobs it is about")
	case o.blobs != len(o.Blobs):
		return fmt.Errorf("reading the output of garbage-collect: it names %d blobs, and counts %d", len(o.Blobs), o.blobs)
	case len(slices.Compact(slices.Clone(o.Blobs))) != len(o.Blobs):
		return errors.New("reading the output of garbage-collect: it names a blob twice")
	}
	return nil
}
