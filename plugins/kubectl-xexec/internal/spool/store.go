package spool

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"sync"

	"github.com/kubectl-suite/kubectl-suite/pkg/hint"
)

// DefaultBudget is what all spools of one [Store] keep in memory together, 16 MiB.
const DefaultBudget = 16 << 20

// Blocks of the spill file have sizes that are powers of two between these, so
// that a freed block fits the next spool that asks.
const (
	minBlock = 4 << 10
	maxBlock = 1 << 20
)

// Store is what the spools of one run share: a budget of memory, and one spill
// file in which each has its blocks. One file, because a file for each stream of
// a thousand targets is more than a process may have open. A Store may be used by
// several goroutines.
type Store struct {
	dir string

	mu     sync.Mutex
	budget int64 // bytes of memory that are still to give
	file   *os.File
	name   string    // of a file that could not be unlinked while it is open; "" otherwise
	end    int64     // of the blocks that were ever given
	free   [][]int64 // offsets of returned blocks, by the power of two of their size
	closed bool
}

// NewStore returns a store that keeps at most budget bytes in memory (0:
// [DefaultBudget]) and spills into a file in dir ("": [os.TempDir]). The file is
// made when the first byte goes to disk, readable by its owner only, and unlinked
// at once where the system allows that, so that a killed process leaves nothing.
func NewStore(budget int64, dir string) *Store {
	if budget == 0 {
		budget = DefaultBudget
	}
	if dir == "" {
		dir = os.TempDir()
	}
	return &Store{dir: dir, budget: budget, free: make([][]int64, bits.Len(maxBlock))}
}

// Spilled is the size that the spill file has reached, in bytes; 0 if all output
// fitted into memory.
func (st *Store) Spilled() int64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.end
}

// Close gives the spill file back. Spools of the store that went to disk cannot
// be read any more.
func (st *Store) Close() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.closed = true
	if st.file == nil {
		return nil
	}
	err := st.file.Close()
	st.file = nil
	if st.name != "" {
		err = errors.Join(err, os.Remove(st.name))
	}
	return err
}

// take grants n bytes of memory, or not.
func (st *Store) take(n int64) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.budget < n {
		return false
	}
	st.budget -= n
	return true
}

func (st *Store) give(n int64) {
	st.mu.Lock()
	st.budget += n
	st.mu.Unlock()
}

// block finds room for at least want bytes, as far as one block may have them.
func (st *Store) block(want int64) (file *os.File, at, size int64, err error) {
	power := bits.Len64(uint64(min(max(want, minBlock), maxBlock) - 1))
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := st.open(); err != nil {
		return nil, 0, 0, err
	}
	for p := power; p < len(st.free); p++ {
		if n := len(st.free[p]); n > 0 {
			at = st.free[p][n-1]
			st.free[p] = st.free[p][:n-1]
			return st.file, at, 1 << p, nil
		}
	}
	at, size = st.end, 1<<power
	st.end += size
	return st.file, at, size, nil
}

// reuse takes a block back.
func (st *Store) reuse(at, size int64) {
	st.mu.Lock()
	power := bits.Len64(uint64(size - 1))
	st.free[power] = append(st.free[power], at)
	st.mu.Unlock()
}

// open makes the spill file if there is none yet.
func (st *Store) open() error {
	if st.closed {
		return os.ErrClosed
	}
	if st.file != nil {
		return nil
	}
	f, err := os.CreateTemp(st.dir, "kubectl-xexec-*.spool") // 0600
	if err != nil {
		return st.advise(fmt.Errorf("making a temporary file: %w", err))
	}
	if os.Remove(f.Name()) != nil { // Windows keeps the names of open files
		st.name = f.Name()
	}
	st.file = f
	return nil
}

func (st *Store) advise(err error) error {
	return hint.With(err, fmt.Sprintf("output that does not fit into memory goes to %s; TMPDIR names another folder, --max-output limits the output", st.dir))
}
