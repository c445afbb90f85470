package disk

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
)

// parser makes a Listing of the script's lines.
type parser struct {
	listing   *Listing
	repos     map[string]*folder
	refused   error  // the only line was a refusal
	complaint string // the first one that matters
	ended     bool
}

// folder is a repository in the making.
type folder struct {
	Repository
	tagsFolder, layersFolder bool
	uploads                  map[string]bool
}

func newParser(root string) *parser {
	return &parser{
		listing: &Listing{Root: root, Blobs: map[string]int64{}, Total: -1, Free: -1},
		repos:   map[string]*folder{},
	}
}

func (p *parser) repo(name string) *folder {
	f := p.repos[name]
	if f == nil {
		name = strings.Clone(name)
		f = &folder{Repository: Repository{Name: name, Revisions: map[string]time.Time{}, Tags: map[string]time.Time{}}, uploads: map[string]bool{}}
		p.repos[name] = f
	}
	return f
}

// line takes one line. An error is a line that the script does not print.
func (p *parser) line(text string) error {
	kind, rest, _ := strings.Cut(text, " ")
	switch {
	case p.ended:
		return fmt.Errorf("text after the end of the listing: %q", text)
	case text == "end":
		p.ended = true
	case kind == "tools":
		p.refused = noTools(rest)
	case kind == "missing":
		p.refused = notFilesystem(p.listing.Root, fmt.Sprintf("%q does not exist", rest))
	case kind == "!":
		p.complain(rest)
	case kind == "s":
		p.space(rest)
	case strings.HasPrefix(text, "repositories/"):
		p.folder(text)
	case kind == "l" || kind == "u" || kind == "b":
		return p.file(kind, rest)
	default:
		return fmt.Errorf("unknown line in the listing: %q", text)
	}
	return nil
}

// complain keeps the first complaint that is not about a file that has gone meanwhile.
func (p *parser) complain(text string) {
	if p.complaint == "" && !strings.Contains(text, "No such file or directory") {
		p.complaint = streams.SanitizeLine(text)
	}
}

// space reads a line of df -P -k: DEVICE TOTAL USED FREE PERCENT% FOLDER.
func (p *parser) space(text string) {
	fields := strings.Fields(text)
	for i, f := range fields {
		if strings.HasSuffix(f, "%") && i >= 4 {
			total, err1 := strconv.ParseInt(fields[i-3], 10, 64)
			free, err2 := strconv.ParseInt(fields[i-1], 10, 64)
			if err1 == nil && err2 == nil {
				p.listing.Total, p.listing.Free = total<<10, free<<10
			}
		}
	}
}

// folder takes a path without figures: a folder, or a link that is malformed.
func (p *parser) folder(path string) {
	name, rest := split(path)
	switch f := p.repo(name); {
	case rest == "_manifests":
		f.Manifests = true
	case rest == "_manifests/tags":
		f.tagsFolder = true
	case rest == "_layers":
		f.layersFolder = true
	case strings.HasPrefix(rest, "_layers/"), strings.HasPrefix(rest, "_manifests/") && !strings.Contains(rest, "/signatures/"):
		f.malformed(rest)
	}
}

func (p *parser) file(kind, text string) error {
	fields := strings.SplitN(text, " ", 3)
	if len(fields) != 3 {
		return fmt.Errorf("a line of the listing is cut short: %q", text)
	}
	seconds, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return fmt.Errorf("reading the time of %q: %w", fields[2], err)
	}
	size, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return fmt.Errorf("reading the size of %q: %w", fields[2], err)
	}
	at, path := time.Unix(seconds, 0).UTC(), fields[2]
	if kind == "b" {
		p.blob(path, size)
		return nil
	}
	name, rest := split(path)
	if f := p.repo(name); kind == "u" {
		f.upload(rest, size, at)
	} else {
		f.link(rest, at)
	}
	return nil
}

// blob takes blobs/ALGORITHM/HE/HEX/data.
func (p *parser) blob(path string, size int64) {
	parts := strings.Split(path, "/")
	if len(parts) != 5 || !registry.ValidDigest(parts[1]+":"+parts[3]) {
		p.listing.Problems = append(p.listing.Problems, fmt.Sprintf("%q is no blob of a registry", path))
		return
	}
	digest := parts[1] + ":" + parts[3]
	p.listing.Blobs[digest] = size
	if size == 0 && digest != registry.DigestLike(digest, nil) {
		p.listing.Problems = append(p.listing.Problems, fmt.Sprintf("blob %s is an empty file: remove it and push again what has it", digest))
	}
}

// split takes repositories/NAME/_… apart; NAME has no part that begins with an
// underscore.
func split(path string) (name, rest string) {
	path = strings.TrimPrefix(path, "repositories/")
	i := strings.Index(path, "/_")
	if i < 0 {
		return path, ""
	}
	return path[:i], path[i+1:]
}

func (p *parser) finish() *Listing {
	l := p.listing
	for _, name := range slices.Sorted(maps.Keys(p.repos)) {
		f := p.repos[name]
		f.check(l.Blobs)
		slices.Sort(f.Problems)
		l.Repositories = append(l.Repositories, &f.Repository)
	}
	slices.Sort(l.Problems)
	return l
}
