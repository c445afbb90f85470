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
// that are hard to confuse, as there is no 0, 1, 8 or 9 among them. Later runs have later names.
func NewName(now time.Time) string {
	return now.UTC().Format("060102-150405") + "-" + strings.ToLower(rand.Text()[:4])
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
	PutBack    State = "partly-restored" // it was begun to put it back, and it cannot be gone on with
	AllBack    State = "restored"        // all of it was put back
	Damaged    State = "damaged"         // its files cannot be read
)

// Run is one folder, as a list shows it.
type Run struct {
	Name      string    `json:"name"`
	Dir       string    `json:"dir"`
	State     State     `json:"state"`
	Registry  string    `json:"registry,omitempty"`
	Context   string    `json:"context,omitempty"` // of the kubeconfig; "" for a registry that was given by its URL
	CreatedAt time.Time `json:"createdAt,omitzero"`
	Tags      int       `json:"tags"`      // that go
	Manifests int       `json:"manifests"` // that go
	// What the journal has as deleted by this run, and not by others. With Killed there
	// may be more.
	DeletedTags      int  `json:"deletedTags"`
	DeletedManifests int  `json:"deletedManifests"`
	Killed           bool `json:"killed,omitempty"` // a process of it did not end by itself, or has not yet
}

// Deleted reports whether the run has deleted anything, or may have.
func (r Run) Deleted() bool {
	return r.DeletedTags+r.DeletedManifests > 0 || r.Killed || r.State == Damaged
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
	run.Registry, run.Context, run.CreatedAt = index.Registry.Name, index.Registry.Context, index.CreatedAt
	for _, r := range index.Repos {
		run.Tags += len(r.Tags)
		for _, m := range r.Manifests {
			if m.Goes {
				run.Manifests++
			}
		}
	}
	run.progress(filepath.Join(dir, journalFile))
	return run
}

// progress reads a journal without changing it.
func (r *Run) progress(name string) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close() // and with it the lock
	free := tryLock(f)
	text, err := os.ReadFile(name)
	if err != nil {
		return
	}
	lines := parseLines(text)
	r.count(lines)
	switch {
	case !free:
		r.State, r.Killed = Running, true
	case len(lines) == 0:
		r.State = Waiting
	case WasRestored(lines):
		r.State = PutBack
		if wasWhole(lines) {
			r.State = AllBack
		}
	case lines[len(lines)-1].Kind == LineEnd && lines[len(lines)-1].Remaining == 0:
		r.State = Ended
	default:
		r.State = Stopped
	}
}

// count goes by the last line of each tag and manifest.
func (r *Run) count(lines []Line) {
	type item struct{ repo, tag, digest string }
	last, open := map[item]string{}, 0
	for _, l := range lines {
		switch l.Kind {
		case LineBegin:
			open++
		case LineEnd:
			open--
		case LineItem:
			last[item{l.Repo, l.Tag, l.Digest}] = l.Outcome
		}
	}
	r.Killed = open > 0
	for i, outcome := range last {
		switch {
		case outcome != "deleted": // as package apply says
		case i.tag != "":
			r.DeletedTags++
		default:
			r.DeletedManifests++
		}
	}
}
