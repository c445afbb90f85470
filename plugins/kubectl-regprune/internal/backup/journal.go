package backup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// The kinds of lines in a journal.
const (
	LineBegin     = "begin"     // somebody starts, or goes on
	LineItem      = "item"      // a tag or manifest is done
	LineOverwrite = "overwrite" // Tag is about to be moved to the manifest Temporary, which is then deleted
	LineEnd       = "end"       // the run has ended by itself
	LineRestore   = "restore"   // somebody is about to put back what was deleted or, if its Outcome is wholly, has done it
)

const wholly = "wholly"

// Line is one line of a journal.
type Line struct {
	Kind      string    `json:"kind"`
	At        time.Time `json:"at,omitzero"`
	Repo      string    `json:"repository,omitempty"`
	Tag       string    `json:"tag,omitempty"`
	Digest    string    `json:"digest,omitempty"`
	Outcome   string    `json:"outcome,omitempty"` // an outcome of apply
	Reason    string    `json:"reason,omitempty"`
	Error     string    `json:"error,omitempty"`
	Temporary string    `json:"temporary,omitempty"` // digest
	Remaining int       `json:"remaining,omitempty"` // of an end: what was not tried
}

// Journal is the memory of what was deleted. Deleting again what is gone does no
// harm, so a lost line costs one question to the server: lines are forced to the
// disk every second, at the end, and where a line has to come first ([Journal.Sync]).
// Its methods may be called at the same time.
type Journal struct {
	mu     sync.Mutex
	file   *os.File
	synced time.Time
	err    error // the first; nothing is written after it
}

// syncEvery bounds what a crash of the machine forgets.
const syncEvery = time.Second

// OpenJournal opens the journal of the run in b, for one process at a time, and
// returns its lines. What a killed process left half written is cut off, and what
// cannot be understood is left out: both are asked for again.
func (b *Backup) OpenJournal() (*Journal, []Line, error) {
	f, err := os.OpenFile(filepath.Join(b.Dir, journalFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the journal: %w", err)
	}
	if !tryLock(f) {
		return nil, nil, errors.Join(hint.With(fmt.Errorf("opening the journal of %q: the run is going on", b.Dir),
			"wait until it has ended"), f.Close())
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("reading the journal: %w", err), f.Close())
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	_, err = f.Seek(int64(whole), io.SeekStart)
	if err := errors.Join(f.Truncate(int64(whole)), err); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("opening the journal: %w", err), f.Close())
	}
	return &Journal{file: f, synced: time.Now()}, parseLines(text[:whole]), nil
}

// WasRestored reports whether somebody has put back what a run deleted, or has begun
// to: it must not be gone on with then, as it would delete what is wanted.
func WasRestored(lines []Line) bool {
	return slices.ContainsFunc(lines, func(l Line) bool { return l.Kind == LineRestore })
}

func parseLines(text []byte) []Line {
	var lines []Line
	for raw := range bytes.Lines(text) {
		var l Line
		if json.Unmarshal(raw, &l) == nil && l.Kind != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

// Write adds lines, all of them or, if the process is killed, a part from the
// beginning. Errors are kept for [Journal.Sync] and [Journal.Close].
func (j *Journal) Write(lines ...Line) {
	var text []byte
	now := time.Now().UTC()
	for _, l := range lines {
		l.At = now
		raw, err := json.Marshal(l)
		if err != nil {
			raw = []byte(`{}`) // a Line is always text; a hole is harmless
		}
		text = append(append(text, raw...), '\n')
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return
	}
	if _, err := j.file.Write(text); err != nil {
		j.err = fmt.Errorf("writing the journal: %w", err)
		return
	}
	if time.Since(j.synced) > syncEvery {
		j.sync()
	}
}

func (j *Journal) sync() {
	if err := j.file.Sync(); err != nil && j.err == nil {
		j.err = fmt.Errorf("writing the journal: %w", err)
	}
	j.synced = time.Now()
}

// Sync returns when everything is on the disk, with the first error that there was.
func (j *Journal) Sync() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sync()
	return j.err
}

// Err is the first error that there was.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Close ends the journal, with the first error that there was.
func (j *Journal) Close() error {
	err := j.Sync()
	j.mu.Lock()
	defer j.mu.Unlock()
	return errors.Join(err, j.file.Close())
}
