package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/kubectl-suite/kubectl-suite/pkg/podexec"
)

// format is the version of the file's format.
const format = 1

// The kinds of lines, in the order in which they first come.
const (
	kindRun     = "run"
	kindTarget  = "target"
	kindStarted = "started"
	kindLanded  = "landed"
	kindEnd     = "end"
)

type runLine struct {
	Kind      string    `json:"kind"`
	Format    int       `json:"format"`
	ID        string    `json:"id"`
	StartedAt time.Time `json:"startedAt"`
	Count     int       `json:"targets"`        // lines of that kind
	Boot      string    `json:"boot,omitempty"` // names the time since the machine was started
	Header
}

type targetLine struct {
	Kind  string `json:"kind"`
	Index int    `json:"index"`
	Target
}

type startedLine struct {
	Kind  string    `json:"kind"`
	Index int       `json:"index"`
	At    time.Time `json:"at"`
}

type landedLine struct {
	Kind  string `json:"kind"`
	Index int    `json:"index"`
	Row
}

type endLine struct {
	Kind string `json:"kind"`
	End
}

// Writer writes the memory of one run. Its methods are safe for concurrent use.
// After the first error it writes nothing more and marks the run, so that nobody
// takes what is missing for what did not happen; End returns that error. The zero
// value remembers nothing.
type Writer struct {
	root    *os.Root
	id      string
	targets int

	mu      sync.Mutex
	file    *os.File // nil: nothing is written, or nothing more
	started []bool
	landed  []bool
	outputs int // bytes of output in the file
	counts  map[podexec.Outcome]int
	err     error
}

// ID names the run; "" if it is not remembered.
func (w *Writer) ID() string { return w.id }

// Started notes that an attempt is about to be made in a target. It must come
// before the attempt, and counts once, whatever the number of attempts.
func (w *Writer) Started(index int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil || index < 0 || index >= w.targets || w.started[index] {
		return
	}
	w.started[index] = true
	w.line(startedLine{kindStarted, index, time.Now().UTC()})
}

// Landed notes how a target ended. Output beyond the run's share is dropped, and
// that is noted.
func (w *Writer) Landed(index int, row Row) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil || index < 0 || index >= w.targets || w.landed[index] {
		return
	}
	w.landed[index] = true
	if w.counts == nil {
		w.counts = map[podexec.Outcome]int{}
	}
	w.counts[row.Outcome]++
	if row.Output != nil {
		size := (len(row.Output.Stdout) + len(row.Output.Stderr)) * 4 / 3 // as base64
		if w.outputs+size > maxOutputs {
			row.Output = &Output{Dropped: true}
		} else {
			w.outputs += size
		}
	}
	w.line(landedLine{kindLanded, index, row})
}

// End closes the memory of the run, forces it to the disk, and returns the first
// error that there was. It may be called again, and does nothing then.
func (w *Writer) End(e End) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return w.err
	}
	e.Counts = w.counts
	w.line(endLine{kindEnd, e})
	if w.file == nil {
		return w.err
	}
	err := errors.Join(w.file.Sync(), w.file.Close(), w.root.Close())
	w.file = nil
	if err != nil {
		w.err = fmt.Errorf("writing the journal: %w", err)
	}
	return w.err
}

// create makes the file under a new name, and locks it.
func (w *Writer) create(now time.Time) error {
	for range 10 {
		id, err := newID(now)
		if err != nil {
			return err
		}
		f, err := w.root.OpenFile(id+suffix, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("beginning the journal of this run: %w", err)
		}
		w.id, w.file = id, f
		return w.lock()
	}
	return errors.New("beginning the journal of this run: no name is free")
}

// lock waits for a reader that looks whether the run is going on.
func (w *Writer) lock() error {
	for range 50 {
		if tryLock(w.file) {
			return nil
		}
		<-time.After(2 * time.Millisecond)
	}
	return errors.Join(errors.New("locking the journal of this run: somebody else has it"), w.file.Close())
}

// open writes what is known before the run, in one piece.
func (w *Writer) open(h Header, now time.Time) error {
	lines := []any{runLine{kindRun, format, w.id, now.UTC(), len(h.Targets), boot(), h}}
	for i, t := range h.Targets {
		lines = append(lines, targetLine{kindTarget, i, t})
	}
	var all []byte
	for _, l := range lines {
		b, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("writing the journal: %w", err)
		}
		all = append(append(all, b...), '\n')
	}
	if _, err := w.file.Write(all); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

func (w *Writer) line(l any) {
	b, err := json.Marshal(l)
	if err == nil {
		_, err = w.file.Write(append(b, '\n'))
	}
	if err != nil {
		w.fail(fmt.Errorf("writing the journal: %w", err))
	}
}

// fail gives up. The file gets a name that says so, which works on a full disk too.
func (w *Writer) fail(err error) {
	w.err = err
	w.file.Close()
	w.file = nil
	if err := w.root.Rename(w.id+suffix, w.id+partial); err != nil {
		//nolint:errcheck // nothing is left to try
		w.root.Remove(w.id + suffix)
	}
	w.root.Close()
}

// boot names the time since the machine was started, "" where that has no name. A
// file that was not forced to the disk proves nothing after a crash of the machine.
func boot() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || len(b) < 36 {
		return ""
	}
	return string(b[:36])
}
