package collect

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/streams"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/disk"
)

// garbage runs the server's own program with its own configuration, in its container,
// whose environment it inherits.
func (r *run) garbage(ctx context.Context, dry bool) (*Output, error) {
	argv := []string{r.config.Binary, "garbage-collect", r.config.Path}
	if dry {
		argv = []string{r.config.Binary, "garbage-collect", "--dry-run", r.config.Path}
	}
	out := &Output{}
	if err := r.Access.Runner(r.pods[0]).Run(ctx, argv, nil, &disk.LineWriter{Line: out.line}); err != nil {
		return out, r.explain(out, err)
	}
	if err := out.check(); err != nil {
		return out, err
	}
	if len(out.Manifests) > 0 {
		return out, fmt.Errorf("collecting garbage: %w: it wants to delete %d manifests, which nobody asked it for", ErrFirewall, len(out.Manifests))
	}
	return out, nil
}

// DamagedError says that the collection ended at a file that it cannot read, and deleted nothing.
type DamagedError struct {
	Repository, Digest string // as far as known
	Text               string // the server's words
}

func (e *DamagedError) Error() string {
	text := "collecting garbage: the registry's own program failed"
	if e.Repository != "" {
		text += fmt.Sprintf(" in repository %q", e.Repository)
	}
	if e.Digest != "" {
		text += fmt.Sprintf(" at manifest %q", e.Digest)
	}
	return text + ": " + e.Text
}

var (
	unreadable = regexp.MustCompile(`failed to retrieve manifest for digest ([a-z0-9]+:[0-9a-f]+): `)
	noPath     = regexp.MustCompile(`Path not found: (/\S+)`)
)

// explain finds the bad file in what the program said, and the repair.
func (r *run) explain(out *Output, err error) error {
	exit, ok := errors.AsType[*disk.ExitError](err)
	if !ok {
		return fmt.Errorf("collecting garbage: %w", err)
	}
	text := exit.Stderr
	if i := strings.LastIndex(text, "failed to garbage collect: "); i >= 0 {
		text = text[i+len("failed to garbage collect: "):]
	}
	text = streams.SanitizeLine(text)
	damaged := &DamagedError{Repository: out.Repository, Text: text}
	tree := path.Join(r.config.Root, "docker/registry/v2")
	repository := path.Join(tree, "repositories", out.Repository)
	if m := unreadable.FindStringSubmatch(text); m != nil {
		damaged.Digest = m[1]
		algorithm, sum, _ := strings.Cut(m[1], ":")
		return hint.With(damaged, fmt.Sprintf("push the image again, or give it up: remove the folder %q and the tags that lead to it", path.Join(repository, "_manifests/revisions", algorithm, sum)))
	}
	if m := noPath.FindStringSubmatch(text); m != nil {
		damaged.Repository = ""
		return hint.With(damaged, fmt.Sprintf("create the folder %q", path.Join(r.config.Root, m[1])))
	}
	if strings.Contains(text, "invalid checksum digest") {
		return hint.With(damaged, r.linkRepair(out.Repository))
	}
	return damaged
}

// linkRepair is what the listing said about the repository's links.
func (r *run) linkRepair(name string) string {
	if repository := r.before.Repository(name); repository != nil && len(repository.Problems) > 0 {
		return streams.SanitizeLine(strings.Join(repository.Problems, "; "))
	}
	return "look for empty files named link in the repository's folder"
}
