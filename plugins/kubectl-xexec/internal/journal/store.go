package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Retention: the newest runs are kept, as long as all three bounds allow.
const (
	keepRuns  = 100
	keepFor   = 30 * 24 * time.Hour
	keepBytes = 200 << 20
)

// Store is a folder with runs. Its methods are safe for concurrent use, and by
// several processes at once.
type Store struct {
	dir string
	now func() time.Time
}

// Open prepares the folder dir, which is made when the first run begins.
func Open(dir string) (*Store, error) {
	if dir == "" {
		return nil, errors.New("opening the journal: no folder is named")
	}
	return &Store{dir: dir, now: time.Now}, nil
}

// An ID is the time at which a run began, in UTC, and four characters that are hard
// to confuse: two for the part of the second, so that runs of a script are in order,
// and two at random. An example is 261125-071219-k3fx. A run may also be named by any
// beginning or by the end of it that are its own.
const (
	idTime   = "060102-150405"
	idLetter = "23456789abcdefghjkmnpqrstuvwxyz" // in order
	suffix   = ".jsonl"
	// partial marks the file of a run that could not be written to its end.
	partial = ".partial.jsonl"
)

var idFile = regexp.MustCompile(`^(\d{6}-\d{6}-[a-z2-9]{4})(\.partial)?\.jsonl$`)

func newID(now time.Time) (string, error) {
	const n = len(idLetter)
	var random [2]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", fmt.Errorf("drawing a run's name: %w", err)
	}
	part := int(int64(now.Nanosecond()) * int64(n*n) / int64(time.Second))
	return now.UTC().Format(idTime) + "-" + string([]byte{
		idLetter[part/n], idLetter[part%n], idLetter[int(random[0])%n], idLetter[int(random[1])%n],
	}), nil
}

// stored is the file of one run.
type stored struct {
	id, name string
	size     int64
	changed  time.Time
}

// files lists the runs, the newest first. What does not look like one, such as a
// symbolic link, is none.
func files(root *os.Root) ([]stored, error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	entries, err := d.ReadDir(-1)
	if err := errors.Join(err, d.Close()); err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	var list []stored
	for _, e := range entries {
		m := idFile.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil { // else it was just pruned
			list = append(list, stored{m[1], e.Name(), info.Size(), info.ModTime()})
		}
	}
	slices.SortFunc(list, func(a, b stored) int { return strings.Compare(b.id, a.id) })
	return list, nil
}

// young files are left alone by pruning: they may not be locked yet.
const young = time.Minute

// prune removes what is too old or too much, but no run that is going on. Room is
// left for one more.
func (s *Store) prune(root *os.Root) error {
	lock, err := root.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("pruning the journal: %w", err)
	}
	defer lock.Close()
	if !tryLock(lock) {
		return nil // somebody else is at it
	}
	list, err := files(root)
	if err != nil {
		return err
	}
	var kept, bytes = 1, int64(0)
	for _, f := range list {
		age := s.now().Sub(f.changed)
		if age < young || age < keepFor && kept < keepRuns && bytes+f.size <= keepBytes {
			kept, bytes = kept+1, bytes+f.size
			continue
		}
		err = errors.Join(err, removeUnused(root, f.name))
	}
	return err
}

// removeUnused removes a file unless the process that writes it is alive.
func removeUnused(root *os.Root, name string) error {
	f, err := root.OpenFile(name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("pruning the journal: %w", err)
	}
	free := tryLock(f)
	f.Close() // before the removal, for Windows
	if !free {
		return nil
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pruning the journal: %w", err)
	}
	return nil
}

// Begin prunes the folder and starts the memory of a run. The Writer can be used
// whatever the error; with one it remembers nothing. A folder that could not be
// pruned is no error.
func (s *Store) Begin(h Header) (*Writer, error) {
	root, err := makeDir(s.dir)
	if err != nil {
		return &Writer{}, err
	}
	//nolint:errcheck // the next run tries again
	s.prune(root)
	w := &Writer{root: root, targets: len(h.Targets), started: make([]bool, len(h.Targets)), landed: make([]bool, len(h.Targets))}
	if err := w.create(s.now()); err != nil {
		return &Writer{}, errors.Join(err, root.Close())
	}
	if err := w.open(h, s.now()); err != nil {
		w.fail(err) // a file without a whole header is no run
		return &Writer{}, err
	}
	return w, nil
}
