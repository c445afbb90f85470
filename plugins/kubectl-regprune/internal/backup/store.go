package backup

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// DefaultDir is where the runs of this user are: kubectl-suite/regprune in
// $XDG_STATE_HOME or else in ~/.local/state. It need not exist.
func DefaultDir() (string, error) {
	name := filepath.Join("kubectl-suite", "regprune")
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("looking for the folder of backups: %w", err)
	}
	return filepath.Join(home, ".local", "state", name), nil
}

var runName = regexp.MustCompile(`^\d{6}-\d{6}-[a-z2-9]{4}$`)

// NewName is a name for a run that starts at now: the time, in UTC, and four letters
// that are hard to confuse. Later runs have later names.
func NewName(now time.Time) string {
	const letters = "23456789abcdefghjkmnpqrstuvwxyz"
	var random [4]byte
	//nolint:errcheck // it never fails
	rand.Read(random[:])
	for i := range random {
		random[i] = letters[int(random[i])%len(letters)]
	}
	return now.UTC().Format("060102-150405") + "-" + string(random[:])
}

// State says how far a run came.
type State string

// The states of a run.
const (
	Unfinished State = "no-backup"   // the backup was not completed; nothing was deleted
	Waiting    State = "not-started" // nothing was deleted yet
	Stopped    State = "interrupted" // something is left to do, or the process was killed
	Ended      State = "ended"       // everything was tried
	Running    State = "running"
	PutBack    State = "restored" // it was put back, and cannot be gone on with
	Damaged    State = "damaged"  // its files cannot be read
)

// Run is one folder, as a list shows it.
type Run struct {
	Name      string    `json:"name"`
	Dir       string    `json:"dir"`
	State     State     `json:"state"`
	Registry  string    `json:"registry,omitempty"`
	CreatedAt time.Time `json:"createdAt,omitzero"`
	Tags      int       `json:"tags"`      // that go
	Manifests int       `json:"manifests"` // that go
}

// List looks at the runs in the folder dir, the newest first. It reads the manifests
// of none: [Open] does. A folder that does not exist has no runs.
func List(dir string) ([]Run, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listing runs: %w", err)
	}
	var runs []Run
	for _, e := range entries {
		if e.IsDir() && runName.MatchString(e.Name()) {
			runs = append(runs, look(filepath.Join(dir, e.Name())))
		}
	}
	slices.SortFunc(runs, func(a, b Run) int { return strings.Compare(b.Name, a.Name) })
	return runs, nil
}

func look(dir string) Run {
	run := Run{Name: filepath.Base(dir), Dir: dir, State: Damaged}
	raw, err := os.ReadFile(filepath.Join(dir, indexFile))
	if errors.Is(err, os.ErrNotExist) {
		run.State = Unfinished
		return run
	}
	var index Index
	if err != nil || json.Unmarshal(raw, &index) != nil {
		return run
	}
	run.Registry, run.CreatedAt = index.Registry.Name, index.CreatedAt
	for _, r := range index.Repos {
		run.Tags += len(r.Tags)
		for _, m := range r.Manifests {
			if m.Goes {
				run.Manifests++
			}
		}
	}
	run.State = progress(filepath.Join(dir, journalFile))
	return run
}

// progress reads a journal without changing it.
func progress(name string) State {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return Damaged
	}
	defer f.Close() // and with it the lock
	if !tryLock(f) {
		return Running
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return Damaged
	}
	lines := parseLines(text)
	switch {
	case len(lines) == 0:
		return Waiting
	case WasRestored(lines):
		return PutBack
	case lines[len(lines)-1].Kind == LineEnd && lines[len(lines)-1].Remaining == 0:
		return Ended
	}
	return Stopped
}
