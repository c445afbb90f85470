package backup

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
)

// ending ends a run with the first push that puts something of it back. Until then the
// run stays what it was, as nothing is back; but nobody goes on with it meanwhile.
type ending struct {
	once    sync.Once
	journal *Journal // nil if there is nothing to write
	err     error
}

// errNotEnded is why nothing was pushed: who went on with the run would delete it again.
var errNotEnded = errors.New("it cannot be written down that the run is over")

// ending takes the journal of a run that must not be going on. A folder that cannot be
// written to cannot be gone on with either.
func (b *Backup) ending() (*ending, error) {
	journal, lines, err := b.OpenJournal()
	switch {
	case unwritable(err):
		return &ending{}, nil
	case err != nil:
		return nil, err
	case WasRestored(lines):
		return &ending{}, journal.Close()
	}
	return &ending{journal: journal}, nil
}

// now returns when it is on the disk that the run is over.
func (e *ending) now() error {
	e.once.Do(func() {
		if e.journal == nil {
			return
		}
		e.journal.Write(Line{Kind: LineRestore})
		if err := e.journal.Close(); err != nil {
			e.err = fmt.Errorf("%w: %w", errNotEnded, err)
		}
	})
	return e.err
}

// release leaves the run to others, as it is.
func (e *ending) release() {
	e.once.Do(func() {
		if e.journal != nil {
			_ = e.journal.file.Close() // nothing was written
		}
	})
}

// Restored writes down that everything is as it was before the run.
func (b *Backup) Restored() error {
	journal, lines, err := b.OpenJournal()
	if unwritable(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if !wasWhole(lines) {
		journal.Write(Line{Kind: LineRestore, Outcome: wholly})
	}
	return journal.Close()
}

// wasWhole reports whether all of a run was put back.
func wasWhole(lines []Line) bool {
	return slices.ContainsFunc(lines, func(l Line) bool { return l.Kind == LineRestore && l.Outcome == wholly })
}

// unwritable reports whether a folder cannot be written to.
func unwritable(err error) bool {
	return errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS)
}
