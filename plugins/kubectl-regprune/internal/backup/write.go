package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/fanout"
	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/registry"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-regprune/internal/plan"
)

// WriteOptions are for [Write]; the zero value will do.
type WriteOptions struct {
	Parallel int                   // requests at once; 0 means 8
	Progress func(done, total int) // called after each manifest, by one goroutine at a time
}

// Write makes the folder dir for a run of the plan in raw, and reads into it what the
// plan deletes. dir must not exist, or be empty. All files are on the disk when it
// returns. A manifest that cannot be read is an error, and the folder is then no
// backup; one that is gone already is noted as missing.
func Write(ctx context.Context, from Source, raw []byte, dir string, opts WriteOptions) (*Backup, error) {
	p, err := decodePlan(raw)
	if err != nil {
		return nil, err
	}
	root, err := makeDir(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := writeSynced(root, planFile, raw); err != nil {
		return nil, err
	}
	w := &writer{from: from, root: root, opts: opts, made: map[string]bool{}}
	for _, r := range p.Repos {
		w.enqueue(r)
	}
	if err := w.run(ctx); err != nil {
		return nil, err
	}
	b := &Backup{Dir: dir, Plan: p, Index: Index{
		APIVersion: APIVersion, Kind: Kind, Registry: p.Registry, Plan: registry.Digest(raw), CreatedAt: time.Now().UTC().Truncate(time.Second),
		Repos: w.index(),
	}}
	return b, b.seal(root)
}

// makeDir makes the folder, for nobody else to look into.
func makeDir(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the backup: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("making the folder of the backup: %w", err)
	}
	if len(entries) > 0 {
		return nil, hint.With(fmt.Errorf("making the folder of the backup: %q is not empty", dir),
			"resume the run that it is of, or name another folder")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("making the folder of the backup: %w", err)
	}
	if err := errors.Join(root.Chmod(".", 0o700), root.Mkdir(manifestDir, 0o700)); err != nil {
		return nil, errors.Join(fmt.Errorf("making the folder of the backup: %w", err), root.Close())
	}
	return root, nil
}

// seal writes the index, which makes the folder a backup, and an empty journal.
func (b *Backup) seal(root *os.Root) error {
	text, err := json.MarshalIndent(b.Index, "", " ")
	if err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	const unfinished = indexFile + ".tmp"
	if err := errors.Join(writeSynced(root, journalFile, nil), writeSynced(root, unfinished, append(text, '\n'))); err != nil {
		return err
	}
	if err := root.Rename(unfinished, indexFile); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	for _, folder := range []string{"manifests/sha256", "manifests/sha384", "manifests/sha512", manifestDir, "."} {
		if _, statErr := root.Stat(folder); statErr == nil {
			err = errors.Join(err, syncDir(root, folder))
		}
	}
	return errors.Join(err, syncParent(b.Dir))
}

// writer collects manifests.
type writer struct {
	from  Source
	root  *os.Root
	opts  WriteOptions
	repos []*repoWriter
	queue []job
	made  map[string]bool // folders of algorithms
}

type repoWriter struct {
	out     Repository
	seen    map[string]int // position in out.Manifests
	content map[string]*registry.Content
}

type job struct {
	repo   *repoWriter
	digest string
}

func (w *writer) enqueue(r plan.Repository) {
	rw := &repoWriter{out: Repository{Name: r.Name, Tags: []Tag{}}, seen: map[string]int{}, content: map[string]*registry.Content{}}
	for _, m := range r.Manifests {
		if m.Action == plan.Delete {
			w.want(rw, Manifest{Digest: m.Digest, Goes: true})
		}
	}
	for _, t := range r.Tags {
		if t.Action != plan.Keep && t.Digest != "" {
			rw.out.Tags = append(rw.out.Tags, Tag{t.Name, t.Digest})
			w.want(rw, Manifest{Digest: t.Digest})
		}
	}
	if len(rw.out.Manifests) > 0 {
		w.repos = append(w.repos, rw)
	}
}

func (w *writer) want(r *repoWriter, m Manifest) {
	if _, seen := r.seen[m.Digest]; seen {
		return
	}
	r.seen[m.Digest] = len(r.out.Manifests)
	r.out.Manifests = append(r.out.Manifests, m)
	w.queue = append(w.queue, job{r, m.Digest})
}

type fetched struct {
	manifest *registry.Manifest
	err      error
}

// run reads round by round: what one round found to need others is the next.
func (w *writer) run(ctx context.Context) error {
	parallel := w.opts.Parallel
	if parallel <= 0 {
		parallel = 8
	}
	done := 0
	for len(w.queue) > 0 {
		jobs := w.queue
		w.queue = nil
		n := done
		results := fanout.Run(ctx, jobs, fanout.Limits[job]{Total: parallel}, func(ctx context.Context, j job) fetched {
			m, err := w.from.Manifest(ctx, j.repo.out.Name, j.digest)
			return fetched{m, err}
		})
		for i, f := range results {
			if err := w.keep(jobs[i], f); err != nil {
				return err
			}
			done++
			if w.opts.Progress != nil {
				w.opts.Progress(done, n+len(jobs)+len(w.queue))
			}
		}
		if err := context.Cause(ctx); err != nil {
			return fmt.Errorf("making the backup: %w", err)
		}
	}
	return nil
}

// keep writes one manifest, and asks for what it needs.
func (w *writer) keep(j job, f fetched) error {
	entry := &j.repo.out.Manifests[j.repo.seen[j.digest]]
	if errors.Is(f.err, registry.ErrNotFound) {
		entry.Missing = true
		return nil
	}
	if f.err != nil {
		return hint.With(fmt.Errorf("backing up manifest %q of repository %q: %w", j.digest, j.repo.out.Name, f.err),
			"nothing was deleted; make a new plan if the registry has changed")
	}
	if got, err := f.manifest.DigestLike(j.digest); err != nil {
		return fmt.Errorf("backing up manifest %q of repository %q: %w", j.digest, j.repo.out.Name, err)
	} else if got != j.digest {
		return fmt.Errorf("backing up manifest %q of repository %q: the server's answer has digest %q", j.digest, j.repo.out.Name, got)
	}
	entry.MediaType, entry.Size = f.manifest.MediaType, int64(len(f.manifest.Body))
	if err := w.write(j.digest, f.manifest.Body); err != nil {
		return err
	}
	content, err := f.manifest.Parse()
	if err != nil {
		return nil // its bytes can be put back without being understood
	}
	j.repo.content[j.digest] = content
	for _, child := range content.Manifests {
		w.want(j.repo, Manifest{Digest: child.Digest})
	}
	return nil
}

// write puts one manifest on the disk, unless another repository had it, too.
func (w *writer) write(digest string, body []byte) error {
	name := manifestPath(digest)
	if folder := path.Dir(name); !w.made[folder] {
		if err := w.root.Mkdir(folder, 0o700); err != nil {
			return fmt.Errorf("writing the backup: %w", err)
		}
		w.made[folder] = true
	}
	if _, err := w.root.Stat(name); err == nil {
		return nil
	}
	return writeSynced(w.root, name, body)
}

func writeSynced(root *os.Root, name string, body []byte) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	_, err = f.Write(body)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	return nil
}
