// Package outdir keeps what targets write in files, two for each target:
//
//	DIR/NAMESPACE_POD_CONTAINER.out   stdout, byte for byte
//	DIR/NAMESPACE_POD_CONTAINER.err   stderr
//	DIR/results.jsonl                 one line for each result, as it lands
//
// With several contexts each name begins with CONTEXT_. Characters that are not
// letters, digits, "." or "-" are written as %XX, so that no name leads out of the
// folder, and names too long for a file end in a hash. Files are readable by their
// owner only. Those of a target that landed are complete, also when the run is
// interrupted; pods in which nothing was tried have a line, but no files.
package outdir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
	"github.com/kubectl-suite/kubectl-suite/plugins/kubectl-xexec/internal/engine"
)

// Results is the name of the file with the results.
const Results = "results.jsonl"

// Dir is a sink.Sink over a folder.
type Dir struct {
	root    *os.Root
	names   []string // of the targets' files, without ending
	force   bool
	results *os.File

	mu   sync.Mutex
	open map[int]*[2]file
}

// Open makes the folder, if need be, for a run over targets. A folder that holds
// anything is refused, lest the files of two runs be taken for one; with force the
// files of the same names are replaced, and others left as they are.
func Open(path string, targets []resolve.Target, force bool) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making output directory %q: %w", path, err)
	}
	there, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("reading output directory %q: %w", path, err)
	}
	if len(there) > 0 && !force {
		return nil, hint.With(fmt.Errorf("output directory %q is not empty", path), "name a new one, such as one with the date; --overwrite replaces the files of an earlier run")
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("opening output directory %q: %w", path, err)
	}
	d := &Dir{root: root, names: fileNames(targets), force: force, open: map[int]*[2]file{}}
	if d.results, err = d.create(Results); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return d, nil
}

// create makes a file that was not there, or replaces one. It never follows a link
// that somebody may have put in its place.
func (d *Dir) create(name string) (*os.File, error) {
	if d.force {
		if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("replacing output file: %w", err)
		}
	}
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making output file: %w", err)
	}
	return f, nil
}

// Open implements engine.Sink.
func (d *Dir) Open(index int) (stdout, stderr io.Writer) {
	name := d.names[index]
	files := &[2]file{{dir: d, name: name + ".out"}, {dir: d, name: name + ".err"}}
	d.mu.Lock()
	d.open[index] = files
	d.mu.Unlock()
	return &files[0], &files[1]
}

// Landed implements engine.Sink.
func (d *Dir) Landed(index int, r engine.Result) error {
	d.mu.Lock()
	files, opened := d.open[index]
	delete(d.open, index)
	d.mu.Unlock()
	line := newLine(r)
	if opened {
		line.StdoutFile, line.StderrFile = files[0].name, files[1].name
		if err := errors.Join(files[0].close(), files[1].close()); err != nil {
			return err
		}
		line.StdoutBytes, line.StderrBytes = files[0].size, files[1].size
	}
	return line.write(d.results)
}

// Broken implements sink.Sink: a full disk shows in each target's own writes.
func (d *Dir) Broken() <-chan struct{} { return nil }

// Close implements sink.Sink.
func (d *Dir) Close(context.Context) error {
	var failures []error
	for _, files := range d.open { // of targets that never landed
		failures = append(failures, files[0].close(), files[1].close())
	}
	return errors.Join(append(failures, d.results.Close(), d.root.Close())...)
}
