package disk

import (
	"context"
	_ "embed" // for the script
	"fmt"
	"time"
)

//go:embed list.sh
var listScript string

// List reads the tree of the filesystem driver below root, the driver's
// rootdirectory, in one command. Besides the result, it holds one line of output at a
// time. Files that disappear meanwhile, as uploads do, are left out.
func List(ctx context.Context, run Runner, root string) (*Listing, error) {
	p := newParser(root)
	lines := &LineWriter{Line: p.line}
	err := run.Run(ctx, []string{"sh", "-c", listScript, "sh", root}, nil, lines)
	switch {
	case p.refused != nil:
		return nil, p.refused
	case err != nil:
		return nil, fmt.Errorf("listing the registry's files below %q: %w", root, err)
	case !p.ended || lines.Partial():
		return nil, fmt.Errorf("listing the registry's files below %q: %w: the output ends early", root, ErrIncomplete)
	case p.complaint != "":
		return nil, fmt.Errorf("listing the registry's files below %q: %w: %s", root, ErrIncomplete, p.complaint)
	}
	return p.finish(), nil
}

// Listing is what the files of a registry say.
type Listing struct {
	Root         string
	Repositories []*Repository    // in the order of their names
	Blobs        map[string]int64 // bytes of every blob file, by digest
	Total, Free  int64            // bytes of the file system; -1 if unknown
	Problems     []string         // of files that belong to no repository
}

// Repository is a folder with manifests, or one that was only ever pushed layers to.
type Repository struct {
	Name      string
	Revisions map[string]time.Time // when a manifest was linked, by digest
	Tags      map[string]time.Time // when a tag was pushed last, by name
	Uploads   Uploads
	Manifests bool     // there is a folder of manifests: otherwise nothing can be pulled
	Problems  []string // with the repair
}

// Uploads are pushes of layers that have not ended, or never will.
type Uploads struct {
	Count  int
	Bytes  int64
	Oldest time.Time // when the first of them began; zero without any
}

// Bytes is the sum over all blobs.
func (l *Listing) Bytes() (sum int64) {
	for _, size := range l.Blobs {
		sum += size
	}
	return sum
}

// Repository finds a repository by its name, or returns nil.
func (l *Listing) Repository(name string) *Repository {
	for _, r := range l.Repositories {
		if r.Name == name {
			return r
		}
	}
	return nil
}
