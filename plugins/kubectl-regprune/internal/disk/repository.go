package disk

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
)

// link takes _manifests/revisions/ALGORITHM/HEX/link and _manifests/tags/TAG/current/link.
func (f *folder) link(path string, at time.Time) {
	parts := strings.Split(strings.Clone(path), "/")
	f.Manifests = true
	switch {
	case len(parts) == 5 && parts[1] == "revisions":
		f.Revisions[parts[2]+":"+parts[3]] = at
	case len(parts) == 5 && parts[1] == "tags":
		f.tagsFolder = true
		f.Tags[parts[2]] = at
	}
}

// upload takes _uploads/ID/FILE: startedat is written first, and data grows. Servers
// forget hashstates when they remove both.
func (f *folder) upload(path string, size int64, at time.Time) {
	parts := strings.Split(path, "/")
	if len(parts) != 3 {
		return
	}
	u := &f.Uploads
	if id := parts[1]; !f.uploads[id] {
		f.uploads[strings.Clone(id)] = true
		u.Count++
	}
	u.Bytes += size
	if parts[2] == "startedat" && (u.Oldest.IsZero() || at.Before(u.Oldest)) {
		u.Oldest = at
	}
}

// malformed takes a link that does not hold a digest. It is not a revision: the server
// cannot read it either, and its garbage collection ends there.
func (f *folder) malformed(path string) {
	parts := strings.Split(path, "/")
	switch {
	case parts[0] == "_layers" && len(parts) >= 3:
		f.problem("layer link %s:%s is empty: garbage collection of version 3 fails on it; remove the folder %q", parts[1], parts[2], path[:strings.LastIndex(path, "/")])
	case len(parts) == 5 && parts[1] == "revisions":
		digest := parts[2] + ":" + parts[3]
		delete(f.Revisions, digest)
		f.problem("the link of manifest %s is damaged: garbage collection fails on it; write %q into the file %q without a newline", digest, digest, path)
	case len(parts) == 5 && parts[1] == "tags":
		f.problem("the link of tag %q is damaged: it cannot be pulled; push it again, or remove the folder %q", parts[2], strings.Join(parts[:3], "/"))
	}
}

func (f *folder) problem(format string, args ...any) {
	f.Problems = append(f.Problems, fmt.Sprintf(format, args...))
}

// check looks for what the server would fail on, or fall silent about.
func (f *folder) check(blobs map[string]int64) {
	for _, digest := range slices.Sorted(maps.Keys(f.Revisions)) {
		size, stored := blobs[digest]
		switch {
		case !registry.ValidDigest(digest):
			delete(f.Revisions, digest)
			f.problem("a folder of revisions is named %q, which is no digest: remove it", digest)
		case !stored:
			delete(f.Revisions, digest)
			f.problem("manifest %s is linked, but its file is missing: push the image again, or delete its tags", digest)
		case size == 0:
			f.problem("manifest %s is an empty file: garbage collection fails on it; remove it and its links, and push the image again", digest)
		}
	}
	if !f.Manifests {
		return
	}
	if !f.tagsFolder {
		f.problem("the folder _manifests/tags is missing: garbage collection with -m fails in version 2; create it")
	}
	if !f.layersFolder {
		f.problem("the folder _layers is missing: garbage collection of version 3 fails on it; create it")
	}
}
